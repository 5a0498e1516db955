"""Placeholder."""
from flask import Blueprint, Response

blueprint = Blueprint("tenders", __name__)

@blueprint.get("/_tenders/new/")
def new(**kw):
    return Response("")

@blueprint.get("/_tenders/edit/<draft>")
def edit(**kw):
    return Response("")

@blueprint.get("/_tenders/check/<draft>")
def check(**kw):
    return Response("")

@blueprint.get("/_tenders/done/<draft>")
def done(**kw):
    return Response("")

@blueprint.get("/_tenders/manage/<token>")
def manage(**kw):
    return Response("")

@blueprint.get("/_tenders/inbox/<org>")
def inbox(**kw):
    return Response("")

@blueprint.get("/_tenders/show/<org>/<tender>")
def show(**kw):
    return Response("")

@blueprint.get("/_tenders/preferences/<org>")
def preferences(**kw):
    return Response("")

@blueprint.get("/_tenders/sent/<org>")
def sent(**kw):
    return Response("")

@blueprint.get("/_tenders/sent_show/<org>/<tender>")
def sent_show(**kw):
    return Response("")

@blueprint.get("/_tenders/stop_mail/<token>")
def stop_mail(**kw):
    return Response("")

@blueprint.get("/_tenders/stop_mail_now/<token>")
def stop_mail_now(**kw):
    return Response("")

@blueprint.get("/_tenders/open_mailed/<tender>")
def open_mailed(**kw):
    return Response("")
