"""Placeholder."""
from flask import Blueprint, Response

blueprint = Blueprint("demo", __name__)

@blueprint.get("/_demo/mailbox/")
def mailbox(**kw):
    return Response("")
