"""Pages by which a client adds a partner, of open invitations, and of the mailed link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts, limits
from webapp.accounts import access
from webapp.accounts import queries as accounts
from webapp.accounts.access import member, person, person_or_none, signed_in
from webapp.accounts.entrance import leave
from webapp.accounts.models import Membership
from webapp.accounts.rules import Role
from webapp.directory import queries as directory
from webapp.errors import link_over
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, page_number, render, saying_why_not, show, wants_fragment
from webapp.i18n import current_language, day, tell
from webapp.i18n import gettext as _
from webapp.invitations import actions, labels, queries, rules
from webapp.invitations.forms import (
    AccessForm,
    PartnerForm,
    RefusalForm,
    SendForm,
    WalletForm,
    invitation_attempts,
    mail_attempts,
    request_attempts,
)
from webapp.invitations.models import Invitation
from webapp.invitations.queries import Candidate
from webapp.invitations.rules import Direction, State, Step
from webapp.invitations.selection import Choice
from webapp.limits import Limit
from webapp.partnerships import labels as partnership_labels
from webapp.partnerships import queries as partnerships
from webapp.partnerships.choosable import products_page
from webapp.partnerships.forms import SEARCH_LENGTH, ListPage, asked_page, read_boxes
from webapp.partnerships.rules import Access, FullGiven, HeldByOthers, NothingChosen, Payer, ProductTaken
from webapp.products.forms import read_search
from webapp.refused import Refused, TooMany

blueprint = Blueprint("invitations", __name__)
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)

View = TypeVar("View", bound=Callable[..., object])

DRAFT = "invitation"
HOUR = timedelta(hours=1)
ADDRESSES_TRIED = Limit("partner-by-address", 100, HOUR)  # by one person: whether it is a partner's


# --- the client adds a partner (RULES C6) -------------------------------------------------------------------


@blueprint.get("/o/<org>/partners/new")
@member(Role.LEGAL_REPRESENTATIVE)
def new(membership: Membership) -> AnyResponse:
    """On to the first page, under a key of its own; nothing is kept before it is sent."""
    return go(_page_of(membership, drafts.new_key(), Step.WHO, partner=request.args.get("partner")))


def _page_of(membership: Membership, key: str, step: Step, **query: Any) -> str:
    return url_for(f"invitations.{step}", org=membership.organisation.public_id, draft=key, **query)


def on_the_way(step: Step) -> Callable[[View], View]:
    """The view is one page of the way: it gets the draft's key and the answers so far, in that order.

    Without the answers before it, it leads to the page that asks for them.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @member(Role.LEGAL_REPRESENTATIVE)
        def guarded(membership: Membership, draft: str) -> object:
            choice = _choice(membership, draft, step)
            if not isinstance(choice, Choice):
                return choice
            if first := _first(choice, step):
                return go(_page_of(membership, draft, first, then=request.args.get("then")))
            return view(membership, draft, choice)

        return guarded  # type: ignore[return-value] # `org` became `membership`, `draft` the answers

    return decorate


def _first(choice: Choice, step: Step) -> Step | None:
    """The page that has to be answered before this one."""
    if step not in choice.steps:
        return choice.missing or choice.steps[2]
    missing = choice.missing
    return missing if missing and choice.steps.index(missing) < choice.steps.index(step) else None


def _choice(membership: Membership, key: str, step: Step) -> Choice | AnyResponse:
    """The answers so far; else the page to go to instead. The first page begins without any."""
    if not drafts.KEY.fullmatch(key):
        abort(404)
    draft = drafts.find(DRAFT, key, now=clock.now())
    if draft is None:
        if step is Step.WHO:
            return Choice.read({}, membership.organisation)
        flash(_("This form was opened too long ago. Please start again."), "error")
        return go(url_for("invitations.new", org=membership.organisation.public_id))
    if draft.data["by"] != _owner(membership):
        abort(404)
    if draft.finished_at:
        flash(_("This invitation has been sent already. You will find it in the list."))
        return _to_partners(membership)
    return Choice.read(draft.data, membership.organisation)


def _owner(membership: Membership) -> str:
    """Whose drafts these are: a person's for one organisation."""
    return membership.public_id


def _keep(membership: Membership, key: str, choice: Choice) -> drafts.Draft:
    return drafts.save(DRAFT, key, {**choice.as_kept, "by": _owner(membership)}, now=clock.now())


def _onward(membership: Membership, key: str, choice: Choice, step: Step) -> AnyResponse:
    """Keeps the answer and goes to the next page, or back to the last one where the answer was changed from there."""
    _keep(membership, key, choice)
    then = request.args.get("then")
    after = choice.steps[choice.steps.index(step) + 1]
    if then == Step.CHECK:
        after = choice.missing or Step.CHECK
    return go(_page_of(membership, key, after, then=None if after is Step.CHECK else then))


def _to_partners(membership: Membership) -> AnyResponse:
    return go(url_for("partners.index", org=membership.organisation.public_id))


@blueprint.route("/o/<org>/partners/new/<draft>/who", methods=["GET", "POST"])
@on_the_way(Step.WHO)
def who(membership: Membership, key: str, choice: Choice) -> AnyResponse:
    """Searches a partner by name, or by the exact address of one who answers for it."""
    q = read_search(request.values)
    candidates = _candidates(choice, q)
    form = PartnerForm(candidates, data={"partner": _preset(choice, candidates)})
    if form.validate_on_submit():
        choice.partner = queries.partner_by_public_id(form.partner.data)
        return _onward(membership, key, choice, Step.WHO)
    return render(
        "invitations/who.html", fragment="invitations/_candidates.html",
        status=422 if form.errors else 200, form=form, membership=membership, key=key, q=q,
        candidates=candidates, then=request.args.get("then"), asked=request.args.get("partner"),
    )  # fmt: skip


def _candidates(choice: Choice, q: str) -> list[Candidate]:
    """What the words find; without words the partner that was chosen, or that the address names."""
    if q.strip():
        if "@" in q:
            limits.spend_all([(ADDRESSES_TRIED, person().public_id)], now=clock.now())
        return queries.candidates(choice.client, q)
    asked = queries.partner_to_ask(request.args.get("partner", ""))
    chosen = asked or choice.partner
    return queries.as_candidates(choice.client, [chosen] if chosen else [])


def _preset(choice: Choice, candidates: list[Candidate]) -> str | None:
    if request.args.get("partner") and len(candidates) == 1:
        return candidates[0].partner.public_id
    return choice.partner.public_id if choice.partner else None


@blueprint.route("/o/<org>/partners/new/<draft>/access", endpoint="access", methods=["GET", "POST"])
@on_the_way(Step.ACCESS)
def access_step(membership: Membership, key: str, choice: Choice) -> AnyResponse:
    """Limited or full; what other partners stand in the way of can't be chosen (RULES C1–C3)."""
    bars = partnerships.bars(choice.client)
    form = AccessForm(bars, data={"access": choice.access})
    if form.validate_on_submit():
        choice.access = Access(form.access.data)
        return _onward(membership, key, choice, Step.ACCESS)
    return show(
        "invitations/access.html", form, membership=membership, key=key, choice=choice, bars=bars,
        any_product=bool(partnerships.active_products(choice.client)),
    )  # fmt: skip


@blueprint.route("/o/<org>/partners/new/<draft>/products", methods=["GET", "POST"])
@on_the_way(Step.PRODUCTS)
def products(membership: Membership, key: str, choice: Choice) -> AnyResponse:
    """Which products, each with its rights (RULES C4)."""
    form, q, page = ConfirmForm(), request.args.get("q", "")[:SEARCH_LENGTH], page_number(request.args)
    if form.validate_on_submit():
        read_boxes(request.form, choice.products)
        if (wanted := asked_page(request.form)) or wants_fragment():
            _keep(membership, key, choice)
            return _list_page(membership, key, wanted) if wanted else _picked(choice)
        if choice.picked:
            return _onward(membership, key, choice, Step.PRODUCTS)
        form.refuse(NothingChosen())
    listed = products_page(choice.client, language=current_language(), q=q, page=page)
    return show(
        "invitations/products.html", form, membership=membership, key=key, choice=choice, listed=listed,
        lines=_what_it_can_do(choice),
    )  # fmt: skip


def _list_page(membership: Membership, key: str, wanted: ListPage) -> AnyResponse:
    then = request.args.get("then")
    return go(_page_of(membership, key, Step.PRODUCTS, page=wanted.page, q=wanted.q or None, then=then))


def _picked(choice: Choice) -> Response:
    return render("invitations/_picked.html", lines=_what_it_can_do(choice), choice=choice)


def _what_it_can_do(choice: Choice) -> list[partnership_labels.Line]:
    """The same sentences as on the partner's page and in the mails."""
    return partnership_labels.for_client(partnerships.summary_of(choice.terms, choice.picked, choice.client))


@blueprint.route("/o/<org>/partners/new/<draft>/wallet", methods=["GET", "POST"])
@on_the_way(Step.WALLET)
def wallet(membership: Membership, key: str, choice: Choice) -> AnyResponse:
    """Whose payment method is used with full access (RULES C5)."""
    form = WalletForm(data={"payer": choice.payer})
    if form.validate_on_submit():
        choice.payer = Payer(form.payer.data)
        return _onward(membership, key, choice, Step.WALLET)
    return show("invitations/wallet.html", form, membership=membership, key=key, choice=choice)


@blueprint.route("/o/<org>/partners/new/<draft>/check", methods=["GET", "POST"])
@on_the_way(Step.CHECK)
def check(membership: Membership, key: str, choice: Choice) -> AnyResponse:
    """Everything once more; then the invitation is sent, once."""
    form = SendForm(choice)
    if form.is_submitted():
        choice.message = form.message.data
        draft = _keep(membership, key, choice)
        if form.validate() and form.within(*_attempts(choice)):
            try:
                return _send(draft, membership, choice)
            except Refused as refusal:
                form.refuse(refusal)
    return _check_page(membership, key, choice, form)


def _attempts(choice: Choice) -> list[tuple[Limit, str]]:
    return invitation_attempts(choice.client, found(choice.partner), person())


def _send(draft: drafts.Draft, membership: Membership, choice: Choice) -> AnyResponse:
    sent = actions.invite(
        draft, choice.client, found(choice.partner), choice.terms, choice.picked, message=choice.message,
        language=current_language(), by=person(), now=clock.now(),
    )  # fmt: skip
    flash(_("Waiting for %(partner)s, until %(day)s.", partner=sent.partner.name, day=day(sent.expires_at)))
    return _to_partners(membership)


def _check_page(membership: Membership, key: str, choice: Choice, form: SendForm) -> Response:
    """The state as it is now, whatever was refused."""
    partner = found(choice.partner)
    return show(
        "invitations/check.html", form, membership=membership, key=key, choice=choice, partner=partner,
        lines=_what_it_can_do(choice), people=partnerships.shared_people(choice.client, partner),
        bars=partnerships.bars(choice.client), candidate=queries.as_candidates(choice.client, [partner])[0],
    )  # fmt: skip


# --- asked from the partner's public profile, or after an offer was accepted -------------------------------


@blueprint.get("/partners/<slug>/invitation")
@signed_in
def ask_partner(slug: str) -> AnyResponse:
    """On to the way above, with this partner chosen; for whom, if the person answers for several."""
    partner = found(queries.partner_to_ask(slug))
    mine = accounts.memberships(person())
    able = [
        each for each in mine
        if each.role is Role.LEGAL_REPRESENTATIVE and each.organisation_id != partner.organisation_id
    ]  # fmt: skip
    if len(able) == 1:
        return go(url_for("invitations.new", org=able[0].organisation.public_id, partner=slug))
    if len(mine) == 1 and mine[0].organisation_id != partner.organisation_id:
        return access.too_weak(mine[0], Role.LEGAL_REPRESENTATIVE)
    return render("invitations/ask.html", partner=partner, slug=slug, able=able, mine=mine)


# --- open invitations, of whoever sent them (RULES C8) ------------------------------------------------------


@blueprint.post("/o/<org>/invitations/<invitation>/mail")
@member(Role.LEGAL_REPRESENTATIVE)
def resend(membership: Membership, invitation: str) -> AnyResponse:
    """Once more by mail; the older link dies."""
    sent = found(queries.sent_by(membership.organisation, invitation))
    told, again = _resend(sent)
    if wants_fragment() and sent.state(clock.now()).open:
        return render("invitations/_row.html", invitation=sent, membership=membership, told=told)
    flash(told, "message" if again else "error")
    return _to_list(membership, sent)


def _resend(sent: Invitation) -> tuple[str, bool]:
    """(what there is to say, whether it was sent). What was refused sends nothing, and so counts for nothing."""
    attempts = (
        request_attempts(sent.partner, sent.email)
        if sent.email
        else mail_attempts(found(sent.client), sent.partner, person())
    )
    try:
        limits.spend_all(attempts, now=clock.now())
    except TooMany as refusal:
        return tell(refusal), False
    try:
        actions.resend(sent, by=person(), now=clock.now())
    except Refused as refusal:
        limits.give_back(attempts, now=clock.now())
        return tell(refusal), False
    return _("Sent again. The link in the older mail no longer works."), True


def _to_list(membership: Membership, sent: Invitation) -> AnyResponse:
    """The list in which the sender sees it."""
    to_partner = sent.direction is Direction.TO_PARTNER
    return go(
        url_for("partners.index" if to_partner else "clients.index", org=membership.organisation.public_id)
    )


@blueprint.route("/o/<org>/invitations/<invitation>/deletion", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def delete(membership: Membership, invitation: str) -> AnyResponse:
    """Asks once, then takes the invitation back."""
    sent = found(queries.sent_by(membership.organisation, invitation))
    form = ConfirmForm()
    if sent.state(clock.now()).open and not form.validate_on_submit():
        return show("invitations/delete.html", form, membership=membership, invitation=sent)
    if not form.is_submitted():  # answered or deleted meanwhile
        flash(tell(rules.NotWaiting(sent.state(clock.now()))), "error")
        return _to_list(membership, sent)
    with saying_why_not():
        actions.delete(sent, by=person(), now=clock.now())
        flash(_deleted(sent))
    return _to_list(membership, sent)


def _deleted(sent: Invitation) -> str:
    if sent.direction is Direction.TO_PARTNER:
        return _("The invitation to %(name)s is deleted.", name=sent.partner.name)
    return _("The request to %(name)s is deleted.", name=sent.email)


# --- the mailed link, and the partner's answer (RULES C6, T4: looking changes nothing) ----------------------


@dataclass(frozen=True)
class Received:
    """An invitation before somebody who may answer it, by its link or in the partner's space."""

    invitation: Invitation
    membership: Membership
    token: str = ""

    def address(self, part: str) -> str:
        """Of its page (`link`), or of where an answer is sent."""
        if self.token:
            return url_for(f"invitations.{part}", token=self.token)
        return url_for(
            "invitations.received" if part == "link" else f"invitations.{part}_here",
            org=self.membership.organisation.public_id,
            invitation=self.invitation.public_id,
        )


def _by_link(token: str) -> Received | AnyResponse:
    """The invitation of a mailed link for whoever may answer it; else the page that says what is in the way."""
    now, me = clock.now(), person_or_none()
    invitation = queries.by_link(token, now=now)
    if invitation is None:
        replaced = queries.by_replaced_link(token, now=now)
        if replaced is None:
            return link_over(url_for("pages.home"), _("Go to the home page"))
        return _over(replaced, "replaced")
    if invitation.state(now) is not State.WAITING:
        return _over(invitation)
    if me is None:
        known = accounts.user_by_email(invitation.email) if invitation.email else None
        has_account = bool(not invitation.email or (known and (known.verified_at or known.disabled_at)))
        return render("invitations/sign_in.html", invitation=invitation, token=token, has_account=has_account)
    if invitation.direction is Direction.TO_CLIENT:
        if me.email == invitation.email:
            return redirect(url_for("requests.answer", invitation=invitation.public_id), 302)
        return render("invitations/other.html", invitation=invitation, token=token, me=me)
    membership = accounts.membership_in(invitation.partner.organisation, me)
    if membership is None:
        return render("invitations/other.html", invitation=invitation, token=token, me=me)
    return _for_representatives(Received(invitation, membership, token))


def _for_representatives(it: Received) -> Received | AnyResponse:
    if it.membership.role is Role.LEGAL_REPRESENTATIVE:
        return it
    return access.too_weak(it.membership, Role.LEGAL_REPRESENTATIVE)


def _here(membership: Membership, public_id: str) -> Received | AnyResponse:
    """The same for an invitation that is opened in the partner's space."""
    partner = found(directory.account_of(membership.organisation))
    invitation = found(queries.received_by_partner(partner, public_id))
    if invitation.state(clock.now()) is not State.WAITING:
        return _over(invitation)
    return _for_representatives(Received(invitation, membership))


def _over(invitation: Invitation, why: str = "") -> Response:
    """The page that says what happened to it."""
    state = why or invitation.state(clock.now()).value
    if state == State.ACCEPTED and invitation.partnership and invitation.partnership.ended_at:
        state = "ended"
    return render(
        "invitations/over.html", status=410, invitation=invitation, why=state, mine=_my_side(invitation)
    )


def _my_side(invitation: Invitation) -> Membership | None:
    """The person's place on the partner's side, so that the page can lead on."""
    me = person_or_none()
    return accounts.membership_in(invitation.partner.organisation, me) if me else None


def _answer_page(it: Received, form: RefusalForm) -> Response:
    invitation, client = it.invitation, found(it.invitation.client)
    still = queries.still_offered(invitation)
    summary = partnerships.summary_of(invitation.terms, still, client)
    return show(
        "invitations/answer.html", form, it=it, invitation=invitation, membership=it.membership,
        lines=partnership_labels.for_partner(summary, client.name), still=still,
        in_the_way=queries.in_the_way(invitation),
    )  # fmt: skip


def _accept(it: Received) -> AnyResponse:
    form, client = RefusalForm(), found(it.invitation.client)
    try:
        partnership = actions.accept(it.invitation, by=person(), now=clock.now())
        flash(_("You work for %(client)s from now on.", client=client.name))
        return go(
            url_for("clients.show", org=it.membership.organisation.public_id, client=partnership.public_id)
        )
    except rules.NotWaiting:
        return go(it.address("link"))
    except (FullGiven, HeldByOthers, ProductTaken):
        form.refuse(rules.GivenToOthers(client=client.name))
    except Refused as refusal:
        form.refuse(refusal)
    return _answer_page(it, form)


def _refuse(it: Received) -> AnyResponse:
    form = RefusalForm()
    if not form.validate_on_submit():
        return _answer_page(it, form)
    with saying_why_not():
        actions.refuse(it.invitation, reason=form.reason.data, by=person(), now=clock.now())
        flash(
            _("You have refused the invitation. %(client)s is told.", client=found(it.invitation.client).name)
        )
    return go(url_for("clients.index", org=it.membership.organisation.public_id))


@blueprint.get("/i/<token>")
def link(token: str) -> AnyResponse:
    """The page of the mailed link, in both directions."""
    it = _by_link(token)
    return _answer_page(it, RefusalForm()) if isinstance(it, Received) else it


@blueprint.post("/i/<token>/acceptance")
@signed_in
def accept(token: str) -> AnyResponse:
    """The partner says yes."""
    it = _by_link(token)
    return _accept(it) if isinstance(it, Received) else it


@blueprint.post("/i/<token>/refusal")
@signed_in
def refuse(token: str) -> AnyResponse:
    """The partner says no."""
    it = _by_link(token)
    return _refuse(it) if isinstance(it, Received) else it


@blueprint.post("/i/<token>/switch")
def switch_account(token: str) -> AnyResponse:
    """Signs out and comes back to the invitation."""
    leave()
    return go(url_for("invitations.link", token=token))


@blueprint.get("/o/<org>/invitations/<invitation>")
@member()
def received(membership: Membership, invitation: str) -> AnyResponse:
    """The same page in the partner's space."""
    it = _here(membership, invitation)
    return _answer_page(it, RefusalForm()) if isinstance(it, Received) else it


@blueprint.post("/o/<org>/invitations/<invitation>/acceptance")
@member()
def accept_here(membership: Membership, invitation: str) -> AnyResponse:
    """The partner says yes, in its space."""
    it = _here(membership, invitation)
    return _accept(it) if isinstance(it, Received) else it


@blueprint.post("/o/<org>/invitations/<invitation>/refusal")
@member()
def refuse_here(membership: Membership, invitation: str) -> AnyResponse:
    """The partner says no, in its space."""
    it = _here(membership, invitation)
    return _refuse(it) if isinstance(it, Received) else it
