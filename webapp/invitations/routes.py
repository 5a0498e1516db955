"""Pages of open invitations, and of the mailed link. The way to an invitation is in `adding`, on this blueprint."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, limits
from webapp.accounts import access
from webapp.accounts import queries as accounts
from webapp.accounts.access import member, person, person_or_none, signed_in
from webapp.accounts.entrance import leave
from webapp.accounts.models import Membership
from webapp.accounts.queries import AnyMember, Member
from webapp.accounts.rules import Role
from webapp.directory import queries as directory
from webapp.errors import link_over
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, render, saying_why_not, show, wants_fragment
from webapp.i18n import gettext as _
from webapp.i18n import tell
from webapp.invitations import actions, labels, queries, rules
from webapp.invitations.forms import (
    RefusalForm,
    mail_attempts,
    request_attempts,
)
from webapp.invitations.models import Invitation
from webapp.invitations.rules import Direction, State
from webapp.partnerships import labels as partnership_labels
from webapp.partnerships import queries as partnerships
from webapp.partnerships.rules import FullGiven, HeldByOthers, ProductTaken
from webapp.refused import Refused, TooMany

blueprint = Blueprint("invitations", __name__)
for _name, _filter in {**partnership_labels.FILTERS, **labels.FILTERS}.items():
    blueprint.add_app_template_filter(_filter, _name)


# --- open invitations, of whoever sent them (RULES C8) ------------------------------------------------------


@blueprint.post("/o/<org>/invitations/<invitation>/mail")
@member(Role.LEGAL_REPRESENTATIVE)
def resend(membership: Member, invitation: str) -> AnyResponse:
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


def _to_list(membership: Member, sent: Invitation) -> AnyResponse:
    """The list in which the sender sees it."""
    to_partner = sent.direction is Direction.TO_PARTNER
    return go(url_for("partners.index" if to_partner else "clients.index", org=membership.org.public_id))


@blueprint.route("/o/<org>/invitations/<invitation>/deletion", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def delete(membership: Member, invitation: str) -> AnyResponse:
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
    membership: AnyMember
    token: str = ""

    def address(self, part: str) -> str:
        """Of its page (`link`), or of where an answer is sent."""
        if self.token:
            return url_for(f"invitations.{part}", token=self.token)
        return url_for(
            "invitations.received" if part == "link" else f"invitations.{part}_here",
            org=self.membership.org.public_id,
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


def _here(membership: Member, public_id: str) -> Received | AnyResponse:
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
        return go(url_for("clients.show", org=it.membership.org.public_id, client=partnership.public_id))
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
    return go(url_for("clients.index", org=it.membership.org.public_id))


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
def received(membership: Member, invitation: str) -> AnyResponse:
    """The same page in the partner's space."""
    it = _here(membership, invitation)
    return _answer_page(it, RefusalForm()) if isinstance(it, Received) else it


@blueprint.post("/o/<org>/invitations/<invitation>/acceptance")
@member()
def accept_here(membership: Member, invitation: str) -> AnyResponse:
    """The partner says yes, in its space."""
    it = _here(membership, invitation)
    return _accept(it) if isinstance(it, Received) else it


@blueprint.post("/o/<org>/invitations/<invitation>/refusal")
@member()
def refuse_here(membership: Member, invitation: str) -> AnyResponse:
    """The partner says no, in its space."""
    it = _here(membership, invitation)
    return _refuse(it) if isinstance(it, Received) else it
