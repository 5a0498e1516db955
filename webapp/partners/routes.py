"""Placeholder."""
from flask import Blueprint, Response

blueprint = Blueprint("partners", __name__)

@blueprint.get("/_partners/directory/")
def directory(**kw):
    return Response("")

@blueprint.get("/_partners/profile/<slug>")
def profile(**kw):
    return Response("")

@blueprint.get("/_partners/logo/<slug>")
def logo(**kw):
    return Response("")

@blueprint.get("/_partners/become/")
def become(**kw):
    return Response("")

@blueprint.get("/_partners/apply/<org>")
def apply(**kw):
    return Response("")

@blueprint.get("/_partners/listing/<org>")
def listing(**kw):
    return Response("")
