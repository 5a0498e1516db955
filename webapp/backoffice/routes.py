"""Placeholder."""
from flask import Blueprint, Response

blueprint = Blueprint("backoffice", __name__)

@blueprint.get("/_backoffice/desk/")
def desk(**kw):
    return Response("")

@blueprint.get("/_backoffice/setup/<token>")
def setup(**kw):
    return Response("")
