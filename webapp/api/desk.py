"""The operator's pages of what comes from outside: messages, and the keys that they are signed with."""

from __future__ import annotations

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts.access import operator, person
from webapp.api import actions, labels, queries, signing
from webapp.api.forms import KeyForm, RevocationForm
from webapp.api.models import ApiKey
from webapp.found import found
from webapp.htmx import go, render, show
from webapp.i18n import gettext as _
from webapp.products.forms import read_search
from webapp.refused import Refused

blueprint = Blueprint("api_desk", __name__)

for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


@blueprint.get("/admin/messages")
@operator
def messages() -> Response:
    """Messages of outside shops: what waits or does not fit first, then the newest."""
    search = read_search(request.args)
    return render(
        "api/messages.html",
        search=search, parked=queries.still_parked(search), misfits=queries.misfits(search),
        taken_in=queries.taken_in(search),
    )  # fmt: skip


@blueprint.get("/admin/keys")
@operator
def keys() -> Response:
    """The keys, valid ones first."""
    return render("api/keys.html", keys=queries.keys())


@blueprint.route("/admin/keys/new", methods=["GET", "POST"])
@operator
def new_key() -> AnyResponse:
    """Makes a key and shows its secret: in the answer to this form, and never again."""
    form = KeyForm()
    if form.validate_on_submit():
        try:
            key = actions.make_key(
                form.name.data or "", form_key=form.form_key.data or "", by=person(), now=clock.now()
            )
            return _shown_once(key)
        except Refused as refusal:
            form.refuse(refusal)
    return show("api/new_key.html", form, full=len(queries.valid_keys()) == queries.VALID_MOST)


def _shown_once(key: ApiKey) -> Response:
    return render("api/key.html", key=key, secret=signing.written_secret(key.secret))


@blueprint.route("/admin/keys/<key>/revocation", methods=["GET", "POST"])
@operator
def revoke(key: str) -> AnyResponse:
    """Asks once and for the password, then nothing is signed with the key any more."""
    it = found(queries.key(key))
    form = RevocationForm()
    if not it.revoked_at and not form.validate_on_submit():
        return show("api/revoke.html", form, key=it)
    actions.revoke_key(it, by=person(), now=clock.now())
    flash(_("The key %(name)s is revoked.", name=it.name))
    return go(url_for("api_desk.keys"))
