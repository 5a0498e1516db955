"""Addresses of calls for tenders: the public form, the requester's page, the partner's inbox."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts, limits, links, uploads
from webapp.accounts import queries as account_queries
from webapp.accounts.access import member, person, person_or_none, signed_in
from webapp.accounts.models import Membership
from webapp.accounts.rules import Role
from webapp.config import LANGUAGES
from webapp.directory.labels import service_choices
from webapp.directory.models import PartnerAccount
from webapp.directory.rules import SERVICES
from webapp.drafts import Draft
from webapp.found import found
from webapp.htmx import go, page_number, render, wants_fragment
from webapp.i18n import current_language, tell
from webapp.i18n import gettext as _
from webapp.limits import Limit
from webapp.places import currency_of
from webapp.programme import programme
from webapp.refused import Gone, Refused
from webapp.tenders import actions, labels, queries
from webapp.tenders.forms import DismissalForm, OfferForm, PreferencesForm, TenderForm, place_choices
from webapp.tenders.models import Offer, Tender, TenderRecipient
from webapp.tenders.rules import LinkOver, NotOpen, Status
from webapp.uploads import BadFile, Checked

log = logging.getLogger(__name__)
blueprint = Blueprint("tenders", __name__)

for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)
blueprint.add_app_template_global(labels.TABS, "TENDER_TABS")  # type: ignore[arg-type] # Flask takes any value
blueprint.add_app_template_global(service_choices)
blueprint.add_app_template_global(place_choices, "place_groups")

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DRAFT_BYTES = 1024 * uploads.MEGABYTE  # of all unfinished calls together
FORMS_FROM_NETWORK = Limit("tender-form", 60, HOUR)
CALLS_FROM_NETWORK = Limit("tender-from", 10, HOUR)
CALLS_OF_ADDRESS = Limit("tender-of", 10, DAY)
CALLS = Limit("tender", 500, HOUR)  # of everybody: a flood of them is not mailed on
OFFERS = Limit("offer", 20, DAY)  # of one partner to one call: each one after a withdrawal is a mail


# --- writing a call -----------------------------------------------------------------------------------------


@blueprint.get("/tenders/new")
def new() -> Response:
    """The empty form; its key makes it one call, however often it is sent."""
    who = _on_behalf(request.args.get("org"))
    prefilled = {}
    if who:
        organisation = who.organisation
        prefilled = {
            "contact_name": who.user.name,
            "contact_email": who.user.email,
            "place": organisation.country,
        }
        prefilled["contact_company"] = organisation.name if organisation.kind == "company" else ""
    form = TenderForm(formdata=None, data=prefilled, currency=_currency(who))
    return _form_page(form, drafts.new_key(), who)


def _on_behalf(org: str | None) -> Membership | None:
    """For which of the person's organisations; None for visitors."""
    somebody = person_or_none()
    if somebody is None:
        return None
    mine = account_queries.memberships(somebody)
    return next((each for each in mine if each.organisation.public_id == org), mine[0] if mine else None)


def _currency(who: Membership | None) -> str:
    return who.organisation.currency if who else currency_of(current_app.config["SETTINGS"].operator_country)


def _form_page(
    form: TenderForm, key: str, who: Membership | None, *, status: int = 200, **more: Any
) -> Response:
    draft = drafts.find("tender", key, now=clock.now())
    files = queries.draft_files(draft) if draft else []
    return render(
        "tenders/new.html",
        status=status,
        form=form,
        key=key,
        who=who,
        files=files,
        policy=programme().tenders,
        **more,
    )


@blueprint.get("/tenders/new/<draft>")
def edit(draft: str) -> AnyResponse:
    """The form with what was typed so far."""
    kept = _draft(draft)
    if not isinstance(kept, Draft):
        return kept
    who = _on_behalf(kept.data.get("org"))
    return _form_page(TenderForm(formdata=None, data=kept.data, currency=kept.data["currency"]), draft, who)


def _draft(key: str) -> Draft | AnyResponse:
    """The live draft; else the page to go to instead."""
    kept = drafts.find("tender", key, now=clock.now())
    if kept is None:
        flash(_("This form was opened too long ago. Please start again."), "error")
        return go(url_for("tenders.new"))
    return kept if kept.finished_at is None else go(url_for("tenders.done", draft=key))


def _complete(key: str) -> Draft | AnyResponse:
    """The live draft whose form was right; else the page to go to instead."""
    kept = _draft(key)
    if isinstance(kept, Draft) and not kept.data["complete"]:
        return go(url_for("tenders.edit", draft=key))
    return kept


@blueprint.post("/tenders/new/<draft>")
@uploads.takes_files
def save(draft: str) -> AnyResponse:
    """Keeps what was typed and the good files, then on to the check page, or back with messages."""
    if not drafts.KEY.fullmatch(draft):
        abort(404)
    who = _on_behalf(request.args.get("org"))
    form = TenderForm(currency=_currency(who))
    if request.form.get("do") == "preview" and wants_fragment():
        return render("tenders/new.html", fragment="tenders/_excerpt.html", call=form.typed)
    limits.spend_all([(FORMS_FROM_NETWORK, limits.network(request.remote_addr))], now=clock.now())
    good, drop = form.validate(), set(request.form.getlist("drop_file"))
    files = _checked_files(form, beside=_kept_files(draft, drop))
    complete = good and not form.files.errors
    data = {**form.typed, "org": who.organisation.public_id if who else "", "complete": complete}
    kept = drafts.save("tender", draft, data, now=clock.now())
    actions.keep_files(kept, files, drop=drop, now=clock.now())
    if not complete or request.form.get("do") == "preview":
        return _form_page(form, draft, who, status=422 if form.errors else 200, call=form.typed)
    return go(url_for("tenders.check", draft=draft))


def _kept_files(key: str, drop: set[str]) -> int:
    """How many files stay with the draft."""
    kept = drafts.find("tender", key, now=clock.now())
    return len([file for file in queries.draft_files(kept) if file.public_id not in drop]) if kept else 0


def _checked_files(form: TenderForm, *, beside: int) -> list[Checked]:
    """The files that can be taken beside those that are there; the others become messages next to the field.

    Not more files than may stay are looked at: a small one can be a large picture, which takes seconds.
    """
    good: list[Checked] = []
    sent = [file for file in form.files.data or [] if isinstance(file, FileStorage) and file.filename]
    form.files.errors = list(form.files.errors)
    most = programme().tenders.attachments
    if sent and queries.bytes_in_drafts() > DRAFT_BYTES:
        log.error("Files of unfinished calls fill %s MB; no more are taken.", DRAFT_BYTES // uploads.MEGABYTE)
        form.files.errors.append(
            _("No files can be taken at the moment. Send the call without them, or try later.")
        )
        return good
    for file in sent[: max(0, most - beside)]:
        try:
            good.append(uploads.check_attachment(file))
        except BadFile as refusal:
            form.files.errors.append(_("%(name)s: %(problem)s", name=file.filename, problem=tell(refusal)))
    if len(sent) + beside > most:
        form.files.errors.append(_("Attach at most %(most)s files.", most=most))
    return good


@blueprint.get("/tenders/new/<draft>/check")
def check(draft: str) -> AnyResponse:
    """Everything once more, with the excerpt and how many partners it reaches."""
    kept = _complete(draft)
    if not isinstance(kept, Draft):
        return kept
    data = kept.data
    form = TenderForm(formdata=None, data=data, currency=data["currency"])
    who = _sender(kept)
    reach = queries.reach_of_draft(data, who.organisation if who else None)
    return render(
        "tenders/check.html",
        key=draft, call=data, form=form, files=queries.draft_files(kept),
        partners=queries.count_concerned(reach), visitor=who is None,
    )  # fmt: skip


def _sender(kept: Draft) -> Membership | None:
    """For whom of the person's organisations the draft was written; None for a visitor's."""
    somebody = person_or_none()
    return account_queries.membership(somebody, kept.data["org"]) if somebody and kept.data["org"] else None


@blueprint.post("/tenders/new/<draft>/check")
def send(draft: str) -> AnyResponse:
    """Sends the call, once."""
    now = clock.now()
    kept = _complete(draft)
    if not isinstance(kept, Draft):
        return kept
    data = kept.data
    who = _sender(kept)
    network = limits.network(request.remote_addr)
    attempts = [
        (CALLS_FROM_NETWORK, network),
        (CALLS_OF_ADDRESS, data["contact_email"]),
        (CALLS, "everybody"),
    ]
    limits.spend_all(attempts, now=now)
    actions.send(kept, by=who.user if who else None, organisation=who.organisation if who else None, now=now)
    return go(url_for("tenders.done", draft=draft))


@blueprint.get("/tenders/new/<draft>/done")
def done(draft: str) -> AnyResponse:
    """What happens next."""
    kept = found(drafts.find("tender", draft, now=clock.now()))
    if kept.result is None:
        return go(url_for("tenders.edit", draft=draft))
    tender = found(queries.by_id(kept.result))
    if tender.status(clock.now()) not in (Status.UNCONFIRMED, Status.OPEN):
        raise NotOpen()
    partners = queries.count_concerned(queries.reach_of(tender))
    return render("tenders/done.html", tender=tender, state=tender.status(clock.now()), partners=partners)


# --- the requester's page -----------------------------------------------------------------------------------


def _mine(token: str) -> Tender:
    """The call of a mailed link; a friendly page for a link that opens nothing (RULES T4)."""
    tender = queries.by_link(token, now=clock.now())
    if tender is None:
        raise LinkOver()
    return tender


@blueprint.get("/t/<token>")
def manage(token: str) -> Response:
    """The requester's own page: status, who opened it, the offers. Looking changes nothing."""
    tender = _mine(token)
    now = clock.now()
    return render(
        "tenders/manage.html",
        token=token,
        tender=tender,
        state=tender.status(now),
        offers=labels.standing_offers(tender),
        accepted=next((offer for offer in tender.offers if offer.accepted_at), None),
        now=now,
    )


def _decide(token: str, act: Callable[..., None], done: str) -> AnyResponse:
    """Runs one decision of the requester and goes back to its page with the outcome."""
    try:
        act(_mine(token), by=person_or_none(), now=clock.now())
        flash(done)
    except Gone:
        raise
    except Refused as refusal:
        flash(tell(refusal), "error")
    return go(url_for("tenders.manage", token=token))


@blueprint.post("/t/<token>/confirmation")
def confirm(token: str) -> AnyResponse:
    """The address is right: partners are told (RULES T5)."""
    return _decide(
        token, actions.confirm, _("Your call is published. Partners whom it concerns are being told now.")
    )


@blueprint.post("/t/<token>/cancellation")
def cancel(token: str) -> AnyResponse:
    """Withdraws the call at once (RULES T3)."""
    return _decide(token, actions.cancel, _("Your call is withdrawn. Partners no longer see it."))


@blueprint.post("/t/<token>/extension")
def extend(token: str) -> AnyResponse:
    """Keeps the call open longer, once (RULES T6)."""
    return _decide(token, actions.extend, _("Your call stays open longer."))


def _offer_in(tender: Tender, public_id: str) -> Offer:
    return found(next((offer for offer in tender.offers if offer.public_id == public_id), None))


@blueprint.get("/t/<token>/offers/<offer>/acceptance")
def acceptance(token: str, offer: str) -> Response:
    """The page with one button: what accepting means."""
    tender = _mine(token)
    return render("tenders/accept.html", token=token, tender=tender, offer=_offer_in(tender, offer))


@blueprint.post("/t/<token>/offers/<offer>/acceptance")
def accept(token: str, offer: str) -> AnyResponse:
    """Takes the offer (RULES T7)."""
    chosen = _offer_in(_mine(token), offer)
    act = partial(actions.accept, offer=chosen, seen=request.form.get("seen", ""))
    done = _(
        "You have accepted the offer of %(partner)s. We have told %(partner)s and the others.",
        partner=chosen.partner.name,
    )
    return _decide(token, act, done)


@blueprint.get("/t/<token>/files/<file>")
def own_file(token: str, file: str) -> Response:
    """One of the requester's own attachments, or a PDF of an offer to it."""
    tender = _mine(token)
    pdfs = [offer.pdf for offer in labels.standing_offers(tender) if offer.pdf]
    return uploads.download(found(next((f for f in [*tender.files, *pdfs] if f.public_id == file), None)))


@blueprint.get("/o/<org>/tenders/sent")
@member()
def sent(membership: Membership) -> Response:
    """The organisation's own calls."""
    return render(
        "tenders/sent.html",
        membership=membership,
        tenders=queries.sent_by(membership.organisation),
        now=clock.now(),
    )


@blueprint.get("/o/<org>/tenders/sent/<tender>")
@member()
def sent_show(membership: Membership, tender: str) -> AnyResponse:
    """On to the call's own page, the same that the mailed link opens."""
    call = found(queries.sent(membership.organisation, tender))
    link = found(links.live("tender", call.id))
    return redirect(url_for("tenders.manage", token=link.token), 302)


# --- the partner's inbox ------------------------------------------------------------------------------------


@blueprint.get("/tenders/<tender>")
@signed_in
def open_mailed(tender: str) -> AnyResponse:
    """The address in mails to partners, alike for all: on to the partner's own page of the call."""
    org = found(queries.partner_organisation_for(person(), tender))
    return redirect(url_for("tenders.show", org=org, tender=tender), 302)


@blueprint.get("/o/<org>/tenders")
@member()
def inbox(membership: Membership) -> Response:
    """The calls that went to the partner, by tab, 25 a page."""
    partner = found(queries.partner_of(membership.organisation))
    tab = request.args.get("tab", "open")
    tab = tab if tab in queries.TABS else "open"
    service, language = _known("service", SERVICES), _known("language", LANGUAGES)
    page = page_number(request.args)
    calls = queries.inbox(partner, tab, now=clock.now(), service=service, language=language, page=page)
    return render(
        "tenders/inbox.html",
        fragment="tenders/_list.html",
        membership=membership, partner=partner, tab=tab, service=service, language=language, calls=calls,
    )  # fmt: skip


def _known(name: str, values: Iterable[str]) -> str:
    """A filter of the address; anything unknown is no filter."""
    value = request.args.get(name, "")
    return value if value in values else ""


def _received(membership: Membership, tender: str) -> TenderRecipient:
    partner = found(queries.partner_of(membership.organisation))
    return found(queries.received(partner, tender))


@blueprint.get("/o/<org>/tenders/<tender>")
@member()
def show(membership: Membership, tender: str) -> Response:
    """One call: the excerpt, after the explicit opening everything, and the partner's own offer (RULES T2, T6)."""
    received = _received(membership, tender)
    call, partner = received.tender, received.partner
    state, offer = call.status(clock.now()), queries.offer_of(call, partner)
    if state is not Status.OPEN and (offer is None or offer.withdrawn_at):
        raise NotOpen()
    return render(
        "tenders/show.html",
        membership=membership, received=received, tender=call, state=state, offer=offer,
        opening=queries.opening(call, partner), openings=queries.openings_count(call),
        dismissal=DismissalForm(formdata=None),
    )  # fmt: skip


@blueprint.post("/o/<org>/tenders/<tender>/opening")
@member()
def open_contact(membership: Membership, tender: str) -> AnyResponse:
    """Shows the contact data; the requester sees that it did (RULES T2, T8)."""
    actions.open_contact(_received(membership, tender), by=person(), now=clock.now())
    return go(
        url_for("tenders.show", org=membership.organisation.public_id, tender=tender, _anchor="contact")
    )


@blueprint.get("/o/<org>/tenders/<tender>/files/<file>")
@member()
def received_file(membership: Membership, tender: str, file: str) -> Response:
    """An attachment of a call that the partner has opened, or its own offer's PDF."""
    received = _received(membership, tender)
    call, offer = received.tender, queries.offer_of(received.tender, received.partner)
    readable = list(call.files) if _may_read(received) else []
    if offer and offer.pdf:
        readable.append(offer.pdf)
    return uploads.download(found(next((each for each in readable if each.public_id == file), None)))


def _may_read(received: TenderRecipient) -> bool:
    """Whether text, files and contact data stand open to the partner: opened, and open still or won."""
    call = received.tender
    offer = queries.offer_of(call, received.partner)
    won = offer is not None and offer.accepted_at is not None
    opened = queries.opening(call, received.partner) is not None
    return opened and (won or call.status(clock.now()) is Status.OPEN)


@blueprint.route("/o/<org>/tenders/<tender>/offer", methods=["GET", "POST"])
@uploads.takes_files
@member()
def offer(membership: Membership, tender: str) -> AnyResponse:
    """The partner's offer: made or changed (RULES T7)."""
    received = _received(membership, tender)
    if received.tender.status(clock.now()) is not Status.OPEN:
        raise NotOpen()
    here = url_for("tenders.show", org=membership.organisation.public_id, tender=tender)
    if not queries.opening(received.tender, received.partner):
        return go(here)
    old = queries.offer_of(received.tender, received.partner)
    form = OfferForm(data=_offer_data(old, received.tender))
    if request.method == "POST" and form.validate() and _make_offer(form, received):
        flash(_("Your offer is on its way. The sender gets a mail about it."))
        return go(here)
    return render(
        "tenders/offer.html",
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
def withdraw_offer(membership: Membership, tender: str) -> AnyResponse:
    """Takes the offer back."""
    received = _received(membership, tender)
    actions.withdraw_offer(
        found(queries.offer_of(received.tender, received.partner)), by=person(), now=clock.now()
    )
    flash(_("Your offer is withdrawn. You can make a new one while the call is open."))
    return go(url_for("tenders.show", org=membership.organisation.public_id, tender=tender))


@blueprint.post("/o/<org>/tenders/<tender>/dismissal")
@member()
def dismiss(membership: Membership, tender: str) -> AnyResponse:
    """ "Not for us", with a reason (RULES T9)."""
    received = _received(membership, tender)
    form = DismissalForm()
    if not form.validate():
        return render(
            "tenders/dismiss.html", status=422, membership=membership, tender=received.tender, form=form
        )
    actions.dismiss(received, reason=form.reason.data, by=person(), now=clock.now())
    flash(_("The call has left your inbox. You find it under “Not for us”."))
    return go(url_for("tenders.inbox", org=membership.organisation.public_id))


@blueprint.post("/o/<org>/tenders/<tender>/dismissal/end")
@member()
def take_back_dismissal(membership: Membership, tender: str) -> AnyResponse:
    """The call comes back into the inbox."""
    actions.take_back_dismissal(_received(membership, tender), by=person(), now=clock.now())
    flash(_("The call is back in your inbox."))
    return go(url_for("tenders.show", org=membership.organisation.public_id, tender=tender))


@blueprint.route("/o/<org>/tenders/preferences", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def preferences(membership: Membership) -> AnyResponse:
    """Which calls come, how, and to whom (RULES T9)."""
    partner = found(queries.partner_of(membership.organisation))
    team = account_queries.team(membership.organisation)
    form = PreferencesForm(members=team, data=_preferences_data(partner))
    if request.method == "POST" and form.validate():
        contact = form.members[form.contact.data]
        actions.set_preferences(partner, form.preferences, contact=contact, by=person(), now=clock.now())
        flash(_("Your preferences are saved. They count for calls from now on."))
        return go(url_for("tenders.preferences", org=membership.organisation.public_id))
    status = 422 if form.errors else 200
    return render(
        "tenders/preferences.html", status=status, membership=membership, partner=partner, form=form
    )


def _preferences_data(partner: PartnerAccount) -> dict[str, object]:
    return {
        "services": partner.tender_services,
        "places": partner.tender_places,
        "languages": partner.tender_languages,
        "least_budget": str(partner.tender_least_budget or ""),
        "mail": partner.tender_mail,
        "contact": partner.tender_contact.public_id if partner.tender_contact else "",
    }


# --- stopping optional mail ---------------------------------------------------------------------------------


@blueprint.get("/stop/<token>")
def stop_mail(token: str) -> Response:
    """The page of a mail's stop link: one button, nothing changes by looking (RULES T4)."""
    what, _public_id = found(links.read_stop_token(token))
    return render("tenders/stop.html", token=token, what=what, stopped=False)


@blueprint.post("/stop/<token>/mail")
def stop_mail_by_page(token: str) -> Response:
    """The button of that page."""
    what, public_id = found(links.read_stop_token(token))
    actions.stop_mail(what, public_id, now=clock.now())
    return render("tenders/stop.html", token=token, what=what, stopped=True)


@blueprint.post("/stop/<token>")
def stop_mail_now(token: str) -> Response:
    """One click in a mail program (RFC 8058): the mail service posts here, without cookies or a page."""
    what, public_id = found(links.read_stop_token(token))
    actions.stop_mail(what, public_id, now=clock.now())
    return Response(status=204)
