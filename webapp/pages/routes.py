"""Placeholder."""
from flask import Blueprint, Response

blueprint = Blueprint("pages", __name__)
technical = Blueprint("technical", __name__)

@blueprint.get("/_pages/home/")
def home(**kw):
    return Response("")

@blueprint.get("/_pages/overview/<org>")
def overview(**kw):
    return Response("")

@blueprint.get("/_pages/legal/<topic>")
def legal(**kw):
    return Response("")

@blueprint.get("/x/theme.css")
def theme(): return Response("")

@blueprint.get("/x/logo")
def logo(): return Response("")
