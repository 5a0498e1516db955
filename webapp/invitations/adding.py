"""Pages by which a client adds a partner, one question each (RULES C6). On the feature's blueprint."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts, limits
from webapp.accounts import access
from webapp.accounts import queries as accounts
from webapp.accounts.access import member, own_draft, person, signed_in
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, page_number, render, sent, show, wants_fragment
from webapp.i18n import current_language, day
from webapp.i18n import gettext as _
from webapp.invitations import actions, queries
from webapp.invitations.forms import AccessForm, PartnerForm, SendForm, WalletForm, invitation_attempts
from webapp.invitations.queries import Candidate
from webapp.invitations.routes import blueprint
from webapp.invitations.rules import Step
from webapp.invitations.selection import Choice
from webapp.limits import Limit
from webapp.partnerships import labels as partnership_labels
from webapp.partnerships import queries as partnerships
from webapp.partnerships.choosable import products_page
from webapp.partnerships.forms import SEARCH_LENGTH, ListPage, asked_page, read_boxes
from webapp.partnerships.rules import Access, NothingChosen, Payer
from webapp.products.forms import read_search
from webapp.refused import Refused

__all__ = ["blueprint"]

View = TypeVar("View", bound=Callable[..., object])

DRAFT = "invitation"
ADDRESSES_TRIED = Limit(
    "partner-by-address", 100, timedelta(hours=1)
)  # by one person: whether it is a partner's


@blueprint.get("/o/<org>/partners/new")
@member(Role.LEGAL_REPRESENTATIVE)
def new(membership: Member) -> AnyResponse:
    """On to the first page, under a key of its own; nothing is kept before it is sent."""
    return go(_page_of(membership, drafts.new_key(), Step.WHO, partner=request.args.get("partner")))


def _page_of(membership: Member, key: str, step: Step, **query: Any) -> str:
    return url_for(f"invitations.{step}", org=membership.org.public_id, draft=key, **query)


def on_the_way(step: Step) -> Callable[[View], View]:
    """The view is one page of the way: it gets the draft's key and the answers so far, in that order.

    Without the answers before it, it leads to the page that asks for them.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @member(Role.LEGAL_REPRESENTATIVE)
        def guarded(membership: Member, draft: str) -> object:
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


def _choice(membership: Member, key: str, step: Step) -> Choice | AnyResponse:
    """The answers so far; else the page to go to instead. The first page begins without any."""
    draft = own_draft(DRAFT, key, membership)
    if draft is None:
        if step is Step.WHO:
            return Choice.read({}, membership.organisation)
        flash(_("This form was opened too long ago. Please start again."), "error")
        return go(url_for("invitations.new", org=membership.org.public_id))
    if draft.finished_at:
        flash(_("This invitation has been sent already. You will find it in the list."))
        return _to_partners(membership)
    return Choice.read(draft.data, membership.organisation)


def _keep(membership: Member, key: str, choice: Choice) -> drafts.Draft:
    return drafts.save(DRAFT, key, {**choice.as_kept, "by": membership.public_id}, now=clock.now())


def _onward(membership: Member, key: str, choice: Choice, step: Step) -> AnyResponse:
    """Keeps the answer and goes to the next page, or back to the last one where the answer was changed from there."""
    _keep(membership, key, choice)
    then = request.args.get("then")
    after = choice.steps[choice.steps.index(step) + 1]
    if then == Step.CHECK:
        after = choice.missing or Step.CHECK
    return go(_page_of(membership, key, after, then=None if after is Step.CHECK else then))


def _to_partners(membership: Member) -> AnyResponse:
    return go(url_for("partners.index", org=membership.org.public_id))


@blueprint.route("/o/<org>/partners/new/<draft>/who", methods=["GET", "POST"])
@on_the_way(Step.WHO)
def who(membership: Member, key: str, choice: Choice) -> AnyResponse:
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
def access_step(membership: Member, key: str, choice: Choice) -> AnyResponse:
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
def products(membership: Member, key: str, choice: Choice) -> AnyResponse:
    """Which products, each with its rights (RULES C4)."""
    form, q, page = ConfirmForm(), request.args.get("q", "")[:SEARCH_LENGTH], page_number(request.args)
    if form.validate_on_submit():
        read_boxes(sent(), choice.products)
        if (wanted := asked_page(sent())) or wants_fragment():
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


def _list_page(membership: Member, key: str, wanted: ListPage) -> AnyResponse:
    then = request.args.get("then")
    return go(_page_of(membership, key, Step.PRODUCTS, page=wanted.page, q=wanted.q or None, then=then))


def _picked(choice: Choice) -> Response:
    return render("invitations/_picked.html", lines=_what_it_can_do(choice), choice=choice)


def _what_it_can_do(choice: Choice) -> list[partnership_labels.Line]:
    """The same sentences as on the partner's page and in the mails."""
    return partnership_labels.for_client(partnerships.summary_of(choice.terms, choice.picked, choice.client))


@blueprint.route("/o/<org>/partners/new/<draft>/wallet", methods=["GET", "POST"])
@on_the_way(Step.WALLET)
def wallet(membership: Member, key: str, choice: Choice) -> AnyResponse:
    """Whose payment method is used with full access (RULES C5)."""
    form = WalletForm(data={"payer": choice.payer})
    if form.validate_on_submit():
        choice.payer = Payer(form.payer.data)
        return _onward(membership, key, choice, Step.WALLET)
    return show("invitations/wallet.html", form, membership=membership, key=key, choice=choice)


@blueprint.route("/o/<org>/partners/new/<draft>/check", methods=["GET", "POST"])
@on_the_way(Step.CHECK)
def check(membership: Member, key: str, choice: Choice) -> AnyResponse:
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


def _send(draft: drafts.Draft, membership: Member, choice: Choice) -> AnyResponse:
    sent = actions.invite(
        draft, choice.client, found(choice.partner), choice.terms, choice.picked, message=choice.message,
        language=current_language(), by=person(), now=clock.now(),
    )  # fmt: skip
    flash(_("Waiting for %(partner)s, until %(day)s.", partner=sent.partner.name, day=day(sent.expires_at)))
    return _to_partners(membership)


def _check_page(membership: Member, key: str, choice: Choice, form: SendForm) -> Response:
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
