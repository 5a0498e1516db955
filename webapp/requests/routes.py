"""Pages by which a partner asks a client for access, and by which the client answers (RULES C7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts, limits
from webapp.accounts import queries as accounts
from webapp.accounts.access import member, own_draft, person, person_or_none, signed_in
from webapp.accounts.entrance import enter
from webapp.accounts.models import Organisation
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.directory import queries as directory
from webapp.directory.models import PartnerAccount
from webapp.drafts import Draft
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, page_number, render, saying_why_not, show
from webapp.i18n import current_language, day
from webapp.i18n import gettext as _
from webapp.invitations import actions as invitations
from webapp.invitations import queries as invitation_queries
from webapp.invitations.forms import RefusalForm, request_attempts
from webapp.invitations.models import Invitation
from webapp.invitations.rules import Direction, NotWaiting, State
from webapp.limits import Limit
from webapp.partnerships import labels as partnership_labels
from webapp.partnerships import queries as partnerships
from webapp.partnerships.choosable import products_page
from webapp.partnerships.forms import SEARCH_LENGTH, asked_page, read_boxes
from webapp.partnerships.rules import Access
from webapp.partnerships.selection import Selection
from webapp.refused import Refused
from webapp.requests import actions, queries, rules
from webapp.requests.forms import (
    AskForm,
    ConfirmGrantForm,
    GrantForm,
    JoinForm,
    MessageForm,
    WhoForm,
    asked_rights,
    is_whole,
    kept_terms,
)

blueprint = Blueprint("requests", __name__)

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
REQUESTS = Limit("requests", 50, DAY)  # of an organisation, and by a person
REQUESTS_FROM_NETWORK = Limit("requests-from", 100, DAY)
JOINS = Limit("request-join", 20, HOUR)  # from one network


# --- the partner asks ---------------------------------------------------------------------------------------


def _account(membership: Member) -> PartnerAccount:
    """The partner that asks; 404 for an organisation that is none, or no more. Raises AccountSuspended."""
    partner = found(directory.account_of(membership.organisation))
    if partner.left_at:
        abort(404)
    if partner.suspended_at:
        raise rules.AccountSuspended()
    return partner


def _to_clients(membership: Member) -> AnyResponse:
    return go(url_for("clients.index", org=membership.org.public_id))


def _to_step(membership: Member, key: str, step: str) -> AnyResponse:
    return go(url_for(f"requests.{step}", org=membership.org.public_id, draft=key))


@blueprint.get("/o/<org>/clients/new")
@member(Role.LEGAL_REPRESENTATIVE)
def new(membership: Member) -> Response:
    """The first page, empty; its key makes it one request, however often it is sent."""
    _account(membership)
    form = WhoForm(formdata=None, data={"language": current_language()})
    return render("requests/who.html", form=form, membership=membership, draft=drafts.new_key(), done=[])


@blueprint.route("/o/<org>/clients/new/<draft>/who", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def who(membership: Member, draft: str) -> AnyResponse:
    """Whom to ask. Known and unknown addresses are answered alike."""
    return _step(membership, draft, "who", WhoForm, "requests/who.html")


@blueprint.route("/o/<org>/clients/new/<draft>/ask", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def ask(membership: Member, draft: str) -> AnyResponse:
    """What to ask for: limited access by category, or full access."""
    return _step(membership, draft, "ask", AskForm, "requests/ask.html")


@blueprint.route("/o/<org>/clients/new/<draft>/message", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def message(membership: Member, draft: str) -> AnyResponse:
    """A few words, or none."""
    return _step(membership, draft, "message", MessageForm, "requests/message.html")


def _step(
    membership: Member, key: str, step: str, form_class: type[WhoForm | AskForm | MessageForm], page: str
) -> AnyResponse:
    """One page of the wizard: keeps what was typed, and goes on when it is right."""
    kept = _begun(membership, key, first=step == "who" and request.method == "POST")
    if not isinstance(kept, Draft | None):
        return kept
    data = kept.data if kept else {"done": []}
    form, done = form_class(data=data), data["done"]
    if form.is_submitted():
        done = [*(each for each in done if each != step), *([step] if form.validate() else [])]
        if kept or form.typed.get("email"):  # an empty first page is not worth keeping
            _keep(membership, key, {**data, **form.typed, "done": done})
        if step in done:
            return _to_step(membership, key, rules.next_step(done))
    return show(page, form, membership=membership, draft=key, done=done)


def _begun(membership: Member, key: str, *, first: bool = False) -> Draft | AnyResponse | None:
    """The draft that is not sent yet; None for the very `first` page; else the page to go to instead."""
    _account(membership)
    kept = own_draft("request", key, membership)
    if kept is None and not first:
        flash(_("This form was opened too long ago. Please start again."), "error")
        return go(url_for("requests.new", org=membership.org.public_id))
    if kept and kept.finished_at:
        flash(_("This request has been sent already. You will find it in the list."))
        return _to_clients(membership)
    return kept


def _keep(membership: Member, key: str, data: dict[str, Any]) -> None:
    drafts.save("request", key, {**data, "by": membership.public_id}, now=clock.now())


@blueprint.route("/o/<org>/clients/new/<draft>/check", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def check(membership: Member, draft: str) -> AnyResponse:
    """Everything once more; the button sends it, once."""
    kept, form = _begun(membership, draft), ConfirmForm()
    if not isinstance(kept, Draft):
        return found(kept)
    if (missing := rules.next_step(kept.data["done"])) != "check":
        return _to_step(membership, draft, missing)
    if form.validate_on_submit() and _send(membership, kept, form):
        return _to_clients(membership)
    return show(
        "requests/check.html", form, membership=membership, draft=draft, typed=kept.data,
        terms=kept_terms(kept.data), asked=asked_rights(kept.data),
    )  # fmt: skip


def _attempts(membership: Member, partner: PartnerAccount, email: str) -> list[tuple[Limit, str]]:
    return [
        (REQUESTS_FROM_NETWORK, limits.network(request.remote_addr)),
        (REQUESTS, membership.org.public_id),
        (REQUESTS, person().public_id),
        *request_attempts(partner, email),
    ]


def _send(membership: Member, kept: Draft, form: ConfirmForm) -> bool:
    """Whether it is on its way; else the form says why not."""
    data, partner = kept.data, _account(membership)
    attempts = _attempts(membership, partner, data["email"])
    if not form.within(*attempts):
        return False
    try:
        sent = invitations.ask(
            kept, partner, data["email"], kept_terms(data), asked_rights(data),
            message=data["message"], language=data["language"], by=person(), now=clock.now(),
        )  # fmt: skip
    except Refused as refusal:
        limits.give_back(attempts, now=clock.now())  # nothing was sent
        form.refuse(refusal)
        return False
    flash(_("Waiting for %(email)s, until %(day)s.", email=sent.email, day=day(sent.expires_at)))
    return True


# --- the client answers -------------------------------------------------------------------------------------


@blueprint.get("/requests/<invitation>")
@signed_in
def answer(invitation: str) -> AnyResponse:
    """For which organisation the person answers; the only one needs no question."""
    asked, me = found(invitation_queries.received_by_person(person(), invitation)), person()
    if asked.state(clock.now()) is not State.WAITING:
        return _over(asked)
    places = queries.may_answer_for(me, asked)
    if len(places) == 1:
        return go(_grant_address(places[0].organisation, asked))
    others = queries.others(me, asked)
    return render("requests/which.html", invitation=asked, places=places, others=others, here=request.path)


def _grant_address(client: Organisation, asked: Invitation, **query: Any) -> str:
    return url_for("requests.grant", org=client.public_id, invitation=asked.public_id, **query)


def _over(asked: Invitation) -> Response:
    """The page of a request that can't be answered any more: it says what happened, and when."""
    client = asked.partnership.client if asked.partnership else None
    mine = client and accounts.membership_in(client, person())
    state = asked.state(clock.now())
    return render("requests/over.html", status=410, invitation=asked, state=state, mine=mine)


def _received(membership: Member, public_id: str) -> Invitation:
    """The request to this person, answered for a client that is not the partner itself; else 404."""
    asked = found(invitation_queries.received_by_person(person(), public_id))
    if asked.partner.organisation_id == membership.organisation_id:
        abort(404)
    return asked


def _choice(membership: Member, asked: Invitation) -> dict[str, Any]:
    """What was chosen so far for this client, kept over the pages."""
    kept = drafts.find("grant", asked.public_id, now=clock.now())
    if kept and kept.data["org"] == membership.org.public_id:
        return kept.data
    return {"org": membership.org.public_id, "access": "", "payer": "", "wanted": {}}


@blueprint.route("/o/<org>/requests/<invitation>/grant", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def grant(membership: Member, invitation: str) -> AnyResponse:
    """Asked on one side, granted on the other; nothing is granted yet (RULES C7)."""
    asked = _received(membership, invitation)
    if asked.state(clock.now()) is not State.WAITING:
        return _over(asked)
    choice = _choice(membership, asked)
    form, selection = GrantForm(data=choice), Selection.read(choice["wanted"], membership.organisation)
    if form.is_submitted():
        return _choose(membership, asked, form, selection)
    return _editor(membership, asked, form, selection)


def _choose(membership: Member, asked: Invitation, form: GrantForm, selection: Selection) -> AnyResponse:
    """Keeps what was ticked; then on to the check page, or back for more."""
    read_boxes(request.form, selection)
    taking_over = request.form.get("do") == "asked" and asked.access is Access.LIMITED
    if taking_over:
        for each in asked.asked:
            selection.take_family(each.family, each.rights)
    chosen = {**form.typed, **({"access": Access.LIMITED.value} if taking_over else {})}
    kept = Selection(membership.organisation, wanted=selection.picked).as_kept  # what is gone is forgotten
    data = {"org": membership.org.public_id, **chosen, "wanted": kept}
    drafts.save("grant", asked.public_id, data, now=clock.now())
    wanted = asked_page(request.form)
    if wanted or taking_over:
        page, q = (wanted.page, wanted.q) if wanted else (1, "")
        return go(_grant_address(membership.organisation, asked, page=page, q=q or None, _anchor="products"))
    return _judge(membership, asked, form, selection)


def _judge(membership: Member, asked: Invitation, form: GrantForm, selection: Selection) -> AnyResponse:
    """On to the check page when nothing is in the way at this moment."""
    client = membership.organisation
    if form.chosen(any_product=bool(selection.picked)):
        refusal = queries.obstacles(client, asked.partner).to(form.terms)
        if refusal is None:
            return go(url_for("requests.confirm", org=client.public_id, invitation=asked.public_id))
        form.refuse(refusal)
    return _editor(membership, asked, form, selection)


def _editor(membership: Member, asked: Invitation, form: GrantForm, selection: Selection) -> Response:
    """The page with both columns. With products on several pages, `page` and `q` say which are shown."""
    client = membership.organisation
    listed = products_page(
        client, language=current_language(), q=request.values.get("q", "")[:SEARCH_LENGTH],
        page=page_number(request.values),
    )  # fmt: skip
    return show(
        "requests/grant.html", form, membership=membership, invitation=asked, selection=selection, listed=listed,
        obstacles=queries.obstacles(client, asked.partner),
    )  # fmt: skip


@blueprint.route("/o/<org>/requests/<invitation>/grant/check", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def confirm(membership: Member, invitation: str) -> AnyResponse:
    """What the partner will be able to do; only this button grants it."""
    asked, client = _received(membership, invitation), membership.organisation
    if asked.state(clock.now()) is not State.WAITING:
        return _over(asked)
    choice = _choice(membership, asked)
    if not is_whole(choice):
        return go(_grant_address(client, asked))
    form = ConfirmGrantForm(choice)
    if form.validate_on_submit():
        return _grant(membership, asked, choice)
    return _review(membership, asked, form, choice)


def _review(
    membership: Member, asked: Invitation, form: ConfirmGrantForm, choice: dict[str, Any]
) -> Response:
    client, terms = membership.organisation, kept_terms(choice)
    picked = {} if terms.access is Access.FULL else Selection.read(choice["wanted"], client).picked
    return show(
        "requests/confirm.html", form, membership=membership, invitation=asked, terms=terms,
        lines=partnership_labels.for_client(partnerships.summary_of(terms, picked, client)),
        people=partnerships.shared_people(client, asked.partner),
    )  # fmt: skip


def _grant(membership: Member, asked: Invitation, choice: dict[str, Any]) -> AnyResponse:
    """Grants it, or refuses it as a whole: what is in the way meanwhile is told above the choice, which is kept."""
    client, terms = membership.organisation, kept_terms(choice)
    picked = {} if terms.access is Access.FULL else Selection.read(choice["wanted"], client).wanted
    try:
        partnership = invitations.grant(asked, client, terms, picked, by=person(), now=clock.now())
    except NotWaiting:
        return go(url_for("requests.answer", invitation=asked.public_id))
    except Refused as refusal:
        form = GrantForm(formdata=None, data=choice)
        form.refuse(refusal)
        return _editor(membership, asked, form, Selection.read(choice["wanted"], client))
    flash(_("%(partner)s is your partner now.", partner=asked.partner.name))
    return go(url_for("partners.show", org=client.public_id, partner=partnership.public_id))


@blueprint.route("/requests/<invitation>/refusal", methods=["GET", "POST"])
@signed_in
def refuse(invitation: str) -> AnyResponse:
    """Says no, with a reason or without."""
    asked, form = found(invitation_queries.received_by_person(person(), invitation)), RefusalForm()
    if asked.state(clock.now()) is not State.WAITING:
        return _over(asked)
    if not form.validate_on_submit():
        return show("requests/refuse.html", form, invitation=asked)
    with saying_why_not():
        invitations.refuse(asked, reason=form.reason.data, by=person(), now=clock.now())
        flash(_("You have refused. %(partner)s is told by mail.", partner=asked.partner.name))
    return go(url_for("accounts.start"))


# --- a client without an account ----------------------------------------------------------------------------


@blueprint.route("/i/<token>/join", methods=["GET", "POST"])
def join(token: str) -> AnyResponse:
    """Signs up by the mailed link, which proves the address; an address with an account signs in instead."""
    asked = _joinable(token)
    if asked is None:
        return go(url_for("invitations.link", token=token))
    form = JoinForm(asked.email or "")
    if form.validate_on_submit() and form.within((JOINS, limits.network(request.remote_addr))):
        newcomer = actions.join(
            asked, form.details(form.name.data), name=form.name.data, password_hash=form.hashed(),
            language=current_language(), now=clock.now(),
        )  # fmt: skip
        return enter(newcomer, url_for("requests.answer", invitation=asked.public_id), confirmed=True)
    return show("requests/join.html", form, invitation=asked)


def _joinable(token: str) -> Invitation | None:
    """The request of this link, if it waits for somebody without an account."""
    asked = invitation_queries.by_link(token, now=clock.now())
    if asked is None or asked.direction is not Direction.TO_CLIENT or person_or_none():
        return None
    known = accounts.user_by_email(asked.email or "")
    signs_in = known and (known.verified_at or known.disabled_at)
    waiting = asked.state(clock.now()) is State.WAITING
    return asked if waiting and not signs_in else None
