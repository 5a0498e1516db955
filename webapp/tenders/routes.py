"""Addresses of calls for tenders: the public form, the requester's page, the links that stop mail."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts, limits, links, uploads
from webapp.accounts import queries as account_queries
from webapp.accounts.access import member, person_or_none
from webapp.accounts.models import Membership
from webapp.accounts.queries import Member
from webapp.directory.labels import service_choices
from webapp.drafts import Draft
from webapp.found import found
from webapp.htmx import go, render, wants_fragment
from webapp.i18n import gettext as _
from webapp.i18n import tell
from webapp.limits import Limit
from webapp.places import currency_of
from webapp.programme import programme
from webapp.refused import Gone, Refused
from webapp.tenders import actions, labels, queries
from webapp.tenders.forms import TenderForm, place_choices
from webapp.tenders.models import Offer, Tender
from webapp.tenders.rules import LinkOver, NotOpen, Status
from webapp.uploads import BadFile, Checked

log = logging.getLogger(__name__)
blueprint = Blueprint("tenders", __name__)

for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)
blueprint.add_app_template_global(service_choices)
blueprint.add_app_template_global(place_choices, "place_groups")

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DRAFT_BYTES = 1024 * uploads.MEGABYTE  # of all unfinished calls together
FORMS_FROM_NETWORK = Limit("tender-form", 60, HOUR)
CALLS_FROM_NETWORK = Limit("tender-from", 10, HOUR)
CALLS_OF_ADDRESS = Limit("tender-of", 10, DAY)
CALLS = Limit("tender", 500, HOUR)  # of everybody: a flood of them is not mailed on


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
def sent(membership: Member) -> Response:
    """The organisation's own calls."""
    return render(
        "tenders/sent.html",
        membership=membership,
        tenders=queries.sent_by(membership.organisation),
        now=clock.now(),
    )


@blueprint.get("/o/<org>/tenders/sent/<tender>")
@member()
def sent_show(membership: Member, tender: str) -> AnyResponse:
    """On to the call's own page, the same that the mailed link opens."""
    call = found(queries.sent(membership.organisation, tender))
    link = found(links.live("tender", call.id))
    return redirect(url_for("tenders.manage", token=link.token), 302)


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
