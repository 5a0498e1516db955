"""Placeholder."""
from flask import Blueprint, Response

blueprint = Blueprint("accounts", __name__)

@blueprint.get("/_accounts/sign_up/")
def sign_up(**kw):
    return Response("")

@blueprint.get("/_accounts/sign_up_done/")
def sign_up_done(**kw):
    return Response("")

@blueprint.get("/_accounts/verify/<token>")
def verify(**kw):
    return Response("")

@blueprint.get("/_accounts/sign_in/")
def sign_in(**kw):
    return Response("")

@blueprint.get("/_accounts/sign_out/")
def sign_out(**kw):
    return Response("")

@blueprint.get("/_accounts/start/")
def start(**kw):
    return Response("")

@blueprint.get("/_accounts/forgot_password/")
def forgot_password(**kw):
    return Response("")

@blueprint.get("/_accounts/reset_password/<token>")
def reset_password(**kw):
    return Response("")

@blueprint.get("/_accounts/profile/")
def profile(**kw):
    return Response("")

@blueprint.get("/_accounts/avatar/<file>")
def avatar(**kw):
    return Response("")

@blueprint.get("/_accounts/password/")
def password(**kw):
    return Response("")

@blueprint.get("/_accounts/sessions/")
def sessions(**kw):
    return Response("")

@blueprint.get("/_accounts/end_other_sessions/")
def end_other_sessions(**kw):
    return Response("")

@blueprint.get("/_accounts/new_organisation/")
def new_organisation(**kw):
    return Response("")

@blueprint.get("/_accounts/settings/<org>")
def settings(**kw):
    return Response("")

@blueprint.get("/_accounts/team/<org>")
def team(**kw):
    return Response("")

@blueprint.get("/_accounts/team_invite/<org>")
def team_invite(**kw):
    return Response("")

@blueprint.get("/_accounts/invitation/<token>")
def invitation(**kw):
    return Response("")
