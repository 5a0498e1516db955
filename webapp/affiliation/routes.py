"""Placeholder."""
from flask import Blueprint, Response

blueprint = Blueprint("affiliation", __name__)

@blueprint.get("/_affiliation/programme/")
def programme(**kw):
    return Response("")
