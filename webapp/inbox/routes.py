"""Addresses of the partner's inbox."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, uploads
from webapp.accounts import queries as account_queries
from webapp.accounts.access import member, person, signed_in
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.clients.access import my_partner
from webapp.config import LANGUAGES
from webapp.directory.models import PartnerAccount
from webapp.directory.rules import SERVICES
from webapp.found import found
from webapp.htmx import go, page_number, render
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.inbox import actions, queries
from webapp.inbox.forms import DismissalForm, OfferForm, PreferencesForm
from webapp.inbox.labels import TABS
from webapp.limits import Limit
from webapp.tenders import queries as tenders
from webapp.tenders.models import Offer, Tender, TenderRecipient
from webapp.tenders.rules import NotOpen, Status
from webapp.uploads import BadFile

blueprint = Blueprint("inbox", __name__)

# of one partner to one call: each one after a withdrawal is a mail
OFFERS = Limit("offer", 20, timedelta(days=1))


@blueprint.get("/tenders/<tender>")
@signed_in
def open_mailed(tender: str) -> AnyResponse:
    """The address in mails to partners, alike for all: on to the partner's own page of the call."""
    org = found(queries.partner_organisation_for(person(), tender))
    return redirect(url_for("inbox.show", org=org, tender=tender), 302)


@blueprint.get("/o/<org>/tenders")
@member()
def index(membership: Member) -> Response:
    """The calls that went to the partner, by tab, 25 a page."""
    partner = my_partner(membership)
    if partner.suspended_at:
        abort(404)
    tab = request.args.get("tab", "open")
    tab = tab if tab in TABS else "open"
    service, language = _known("service", SERVICES), _known("language", LANGUAGES)
    page = page_number(request.args)
    calls = queries.calls(partner, tab, now=clock.now(), service=service, language=language, page=page)
    return render(
        "inbox/index.html",
        fragment="inbox/_list.html",
        membership=membership, partner=partner, tab=tab, service=service, language=language, calls=calls,
        tabs=TABS,
    )  # fmt: skip


def _known(name: str, values: Iterable[str]) -> str:
    """A filter of the address; anything unknown is no filter."""
    value = request.args.get(name, "")
    return value if value in values else ""


def _received(membership: Member, tender: str) -> TenderRecipient:
    partner = found(queries.partner_of(membership.organisation))
    return found(queries.received(partner, tender))


@blueprint.get("/o/<org>/tenders/<tender>")
@member()
def show(membership: Member, tender: str) -> Response:
    """One call: the excerpt, after the explicit opening everything, and the partner's own offer (RULES T2, T6)."""
    received = _received(membership, tender)
    call, partner = received.tender, received.partner
    state, offer = call.status(clock.now()), tenders.offer_of(call, partner)
    if state is not Status.OPEN and (offer is None or offer.withdrawn_at):
        raise NotOpen()
    return render(
        "inbox/show.html",
        membership=membership, received=received, tender=call, state=state, offer=offer,
        opening=queries.opening(call, partner), openings=tenders.openings_count(call),
        dismissal=DismissalForm(formdata=None),
    )  # fmt: skip


@blueprint.post("/o/<org>/tenders/<tender>/opening")
@member()
def open_contact(membership: Member, tender: str) -> AnyResponse:
    """Shows the contact data; the requester sees that it did (RULES T2, T8)."""
    actions.open_contact(_received(membership, tender), by=person(), now=clock.now())
    return go(url_for("inbox.show", org=membership.org.public_id, tender=tender, _anchor="contact"))


@blueprint.get("/o/<org>/tenders/<tender>/files/<file>")
@member()
def file(membership: Member, tender: str, file: str) -> Response:
    """An attachment of a call that the partner has opened, or its own offer's PDF."""
    received = _received(membership, tender)
    call, offer = received.tender, tenders.offer_of(received.tender, received.partner)
    readable = list(call.files) if _may_read(received) else []
    if offer and offer.pdf:
        readable.append(offer.pdf)
    return uploads.download(found(next((each for each in readable if each.public_id == file), None)))


def _may_read(received: TenderRecipient) -> bool:
    """Whether text, files and contact data stand open to the partner: opened, and open still or won."""
    call = received.tender
    offer = tenders.offer_of(call, received.partner)
    won = offer is not None and offer.accepted_at is not None
    opened = queries.opening(call, received.partner) is not None
    return opened and (won or call.status(clock.now()) is Status.OPEN)


@blueprint.route("/o/<org>/tenders/<tender>/offer", methods=["GET", "POST"])
@uploads.takes_files
@member()
def offer(membership: Member, tender: str) -> AnyResponse:
    """The partner's offer: made or changed (RULES T7)."""
    received = _received(membership, tender)
    if received.tender.status(clock.now()) is not Status.OPEN:
        raise NotOpen()
    here = url_for("inbox.show", org=membership.org.public_id, tender=tender)
    if not queries.opening(received.tender, received.partner):
        return go(here)
    old = tenders.offer_of(received.tender, received.partner)
    form = OfferForm(data=_offer_data(old, received.tender))
    if request.method == "POST" and form.validate() and _make_offer(form, received):
        flash(_("Your offer is on its way. The sender gets a mail about it."))
        return go(here)
    return render(
        "inbox/offer.html",
        status=422 if form.errors else 200,
        membership=membership, received=received, tender=received.tender, form=form, offer=old,
    )  # fmt: skip


def _offer_data(old: Offer | None, tender: Tender) -> dict[str, object]:
    if old is None or old.withdrawn_at:
        return {"currency": tender.currency, "days": "30"}
    least, most = old.price
    return {
        "price_least": least,
        "price_most": most if most != least else None,
        "currency": old.currency,
        "message": old.message,
        "days": "30",
    }


def _make_offer(form: OfferForm, received: TenderRecipient) -> bool:
    """Makes the offer; False when the PDF can't be taken or it is one too many, with the reason in the form."""
    now = clock.now()
    pdf = None
    try:
        if isinstance(form.pdf.data, FileStorage) and form.pdf.data.filename:
            pdf = uploads.check_pdf(form.pdf.data)
    except BadFile as refusal:
        form.blame("pdf", refusal)
        return False
    if not form.within((OFFERS, f"{received.partner.public_id} {received.tender.public_id}")):
        return False
    least, most = form.prices
    terms = actions.Terms(
        least, most, form.currency.data, form.message.data, current_language(), form.valid_until(now), pdf,
        bool(form.drop_pdf.data),
    )  # fmt: skip
    actions.make_offer(received, terms, by=person(), now=now)
    return True


@blueprint.post("/o/<org>/tenders/<tender>/offer/withdrawal")
@member()
def withdraw_offer(membership: Member, tender: str) -> AnyResponse:
    """Takes the offer back."""
    received = _received(membership, tender)
    actions.withdraw_offer(
        found(tenders.offer_of(received.tender, received.partner)), by=person(), now=clock.now()
    )
    flash(_("Your offer is withdrawn. You can make a new one while the call is open."))
    return go(url_for("inbox.show", org=membership.org.public_id, tender=tender))


@blueprint.post("/o/<org>/tenders/<tender>/dismissal")
@member()
def dismiss(membership: Member, tender: str) -> AnyResponse:
    """ "Not for us", with a reason (RULES T9)."""
    received = _received(membership, tender)
    form = DismissalForm()
    if not form.validate():
        return render(
            "inbox/dismiss.html", status=422, membership=membership, tender=received.tender, form=form
        )
    actions.dismiss(received, reason=form.reason.data, by=person(), now=clock.now())
    flash(_("The call has left your inbox. You find it under “Not for us”."))
    return go(url_for("inbox.index", org=membership.org.public_id))


@blueprint.post("/o/<org>/tenders/<tender>/dismissal/end")
@member()
def take_back_dismissal(membership: Member, tender: str) -> AnyResponse:
    """The call comes back into the inbox."""
    actions.take_back_dismissal(_received(membership, tender), by=person(), now=clock.now())
    flash(_("The call is back in your inbox."))
    return go(url_for("inbox.show", org=membership.org.public_id, tender=tender))


@blueprint.route("/o/<org>/tenders/preferences", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def preferences(membership: Member) -> AnyResponse:
    """Which calls come, how, and to whom (RULES T9)."""
    partner = found(queries.partner_of(membership.organisation))
    team = account_queries.team(membership.organisation)
    form = PreferencesForm(members=team, data=_preferences_data(partner))
    if request.method == "POST" and form.validate():
        contact = form.members[form.contact.data]
        actions.set_preferences(partner, form.preferences, contact=contact, by=person(), now=clock.now())
        flash(_("Your preferences are saved. They count for calls from now on."))
        return go(url_for("inbox.preferences", org=membership.org.public_id))
    status = 422 if form.errors else 200
    return render("inbox/preferences.html", status=status, membership=membership, partner=partner, form=form)


def _preferences_data(partner: PartnerAccount) -> dict[str, object]:
    return {
        "services": partner.tender_services,
        "places": partner.tender_places,
        "languages": partner.tender_languages,
        "least_budget": str(partner.tender_least_budget or ""),
        "mail": partner.tender_mail,
        "contact": partner.tender_contact.public_id if partner.tender_contact else "",
    }
