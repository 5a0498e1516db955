"""Pages of further organisations, of an organisation's settings and team, and of a colleague's invitation."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, limits, links
from webapp.accounts import access
from webapp.accounts import queries as accounts
from webapp.accounts.access import member, person, person_or_none, signed_in
from webapp.accounts.entrance import enter, leave
from webapp.accounts.models import Organisation, User
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.errors import link_over
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, local_address, render, saying_why_not, show
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.limits import Limit
from webapp.links import Link
from webapp.organisations import actions, queries, rules
from webapp.organisations.forms import InviteForm, JoinForm, OrganisationForm, RoleForm, SettingsForm
from webapp.organisations.models import ColleagueInvitation

blueprint = Blueprint("organisations", __name__)

DAY = timedelta(days=1)
ORGANISATIONS = Limit("organisations", 20, DAY)  # of one person
INVITATIONS = Limit("colleagues", 50, DAY)  # of an organisation, and by a person
INVITATIONS_TO_ADDRESS = Limit("colleague-mail", 10, DAY)


# --- organisations ------------------------------------------------------------------------------------------


@blueprint.route("/account/organisations/new", methods=["GET", "POST"])
@signed_in
def new() -> AnyResponse:
    """A further organisation (RULES O1); then back to where it was needed."""
    form, me = OrganisationForm(), person()
    back = local_address(request.args.get("next"), "") or None
    if form.validate_on_submit() and form.within((ORGANISATIONS, me.public_id)):
        organisation = actions.open_organisation(
            form.details(me.name), key=form.key.data or "", by=me, now=clock.now()
        )
        flash(_("%(name)s is ready.", name=organisation.name))
        return go(back or url_for("pages.overview", org=organisation.public_id))
    return show("organisations/new.html", form, next=back)


@blueprint.route("/o/<org>/settings", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def settings(membership: Member) -> AnyResponse:
    """What the organisation says of itself (RULES O3); then back to where it was needed (RULES M7)."""
    form = SettingsForm(membership.organisation)
    back = local_address(request.args.get("next"), "") or None
    if form.validate_on_submit():
        actions.change_organisation(
            membership.organisation, form.details(), language=form.language.data,
            invoice_note=form.invoice_note.data or "", by=person(), now=clock.now(),
        )  # fmt: skip
        flash(_("The settings are saved."))
        return go(back or url_for("organisations.settings", org=membership.org.public_id))
    return show("organisations/settings.html", form, membership=membership, next=back)


# --- the team -----------------------------------------------------------------------------------------------


def _to_team(membership: Member) -> AnyResponse:
    return go(url_for("organisations.team", org=membership.org.public_id))


def _may(membership: Member, current: Role | None, new: Role | None) -> bool:
    return rules.may_set_role(membership.role, current=current, new=new)


@blueprint.get("/o/<org>/team")
@member()
def team(membership: Member) -> Response:
    """Who belongs to the organisation, and who is invited (RULES O2)."""
    return render(
        "organisations/team.html",
        membership=membership,
        team=accounts.team(membership.organisation),
        invitations=queries.open_invitations(membership.organisation),
        may=lambda current, new: _may(membership, current, new),
        manages=membership.role.reaches(Role.ADMINISTRATOR),
    )


@blueprint.route("/o/<org>/team/new", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def invite(membership: Member) -> AnyResponse:
    """Invites a colleague by mail."""
    organisation = membership.organisation
    form = InviteForm(membership.role, data={"language": organisation.language})
    if form.validate_on_submit() and form.within(*_invitation_attempts(organisation, form.email.data)):
        try:
            actions.invite(
                organisation, email=form.email.data, role=Role(form.role.data), language=form.language.data,
                by=person(), now=clock.now(),
            )  # fmt: skip
            flash(_("The invitation to %(email)s is on its way.", email=form.email.data))
            return _to_team(membership)
        except (rules.AlreadyMember, rules.AlreadyInvited) as refusal:
            form.blame("email", refusal)
    return show("organisations/invite.html", form, membership=membership)


def _invitation_attempts(organisation: Organisation, email: str) -> list[tuple[Limit, str]]:
    return [
        (INVITATIONS, organisation.public_id),
        (INVITATIONS, person().public_id),
        (INVITATIONS_TO_ADDRESS, email),
    ]


@blueprint.post("/o/<org>/team/invitations/<invitation>/mail")
@member(Role.ADMINISTRATOR)
def resend_invitation(membership: Member, invitation: str) -> AnyResponse:
    """Sends the invitation again; the older link dies."""
    invited = found(queries.open_invitation(membership.organisation, invitation))
    with saying_why_not():
        limits.spend_all([(INVITATIONS_TO_ADDRESS, invited.email)], now=clock.now())
        actions.resend_invitation(invited, by=person(), now=clock.now())
        flash(_("The invitation to %(email)s is on its way again.", email=invited.email))
    return _to_team(membership)


@blueprint.route("/o/<org>/team/invitations/<invitation>/withdrawal", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def withdraw_invitation(membership: Member, invitation: str) -> AnyResponse:
    """Asks once, then takes the invitation back."""
    invited = found(queries.open_invitation(membership.organisation, invitation))
    form = ConfirmForm()
    if not form.validate_on_submit():
        return show("organisations/withdraw_invitation.html", form, membership=membership, invitation=invited)
    with saying_why_not():
        actions.withdraw_invitation(invited, by=person(), now=clock.now())
        flash(_("The invitation to %(email)s is withdrawn.", email=invited.email))
    return _to_team(membership)


@blueprint.route("/o/<org>/team/<colleague>/role", methods=["GET", "POST"])
@member(Role.ADMINISTRATOR)
def change_role(membership: Member, colleague: str) -> AnyResponse:
    """Another role for a colleague or oneself (RULES O2)."""
    other = found(queries.member(membership.organisation, colleague))
    if not _may(membership, other.role, other.role):
        return access.too_weak(membership, Role.LEGAL_REPRESENTATIVE)
    form = RoleForm(membership.role, other.role)
    if form.validate_on_submit():
        try:
            actions.set_role(other, Role(form.role.data), by=person(), now=clock.now())
            flash(_("The role of %(name)s is changed.", name=other.user.name))
            return _to_team(membership)
        except rules.LastRepresentative as refusal:
            form.blame("role", refusal)
    return show("organisations/change_role.html", form, membership=membership, colleague=other)


@blueprint.route("/o/<org>/team/<colleague>/removal", methods=["GET", "POST"])
@member()
def remove_member(membership: Member, colleague: str) -> AnyResponse:
    """Asks once, then takes a colleague out; everybody may leave (RULES O2)."""
    other = found(queries.member(membership.organisation, colleague))
    oneself, name = other.id == membership.id, other.user.name
    if not oneself and not _may(membership, other.role, None):
        return access.too_weak(membership, rules.who_removes(other.role))
    form = ConfirmForm()
    if form.validate_on_submit():
        try:
            actions.remove_member(other, by=person(), now=clock.now())
            flash(_("You have left the organisation.") if oneself else _("%(name)s is removed.", name=name))
            return go(url_for("accounts.start")) if oneself else _to_team(membership)
        except rules.LastRepresentative as refusal:
            form.refuse(refusal)
    return show(
        "organisations/remove_member.html", form, membership=membership, colleague=other, oneself=oneself
    )


# --- answering an invitation --------------------------------------------------------------------------------


@blueprint.route("/join/<token>", methods=["GET", "POST"])
def invitation(token: str) -> AnyResponse:
    """The page of an invitation: whom it is for decides what it offers. Only a POST joins."""
    link = links.find("colleague", token, now=clock.now())
    invited = queries.invitation(link.subject) if link else None
    if link is None or invited is None:
        return link_over(url_for("pages.home"), _("Go to the home page"))
    me, known = person_or_none(), accounts.user_by_email(invited.email)
    if me and me.email == invited.email:
        return _join(link, invited, me)
    if me:
        return render("organisations/invitation_other.html", invitation=invited, token=token, me=me)
    if known and (known.verified_at or known.disabled_at):
        return render("organisations/invitation_sign_in.html", invitation=invited)
    return _join_as_new_person(link, invited)


def _join(link: Link, invited: ColleagueInvitation, me: User) -> AnyResponse:
    form = ConfirmForm()
    if form.validate_on_submit():
        actions.accept_invitation(link, by=me, now=clock.now())
        return _welcome(invited)
    return show("organisations/invitation_join.html", form, invitation=invited)


def _join_as_new_person(link: Link, invited: ColleagueInvitation) -> AnyResponse:
    form = JoinForm(invited.email)
    if form.validate_on_submit():
        newcomer = actions.join_as_new_person(
            link,
            name=form.name.data,
            password_hash=form.hashed(),
            language=current_language(),
            now=clock.now(),
        )
        _welcome(invited)
        return enter(newcomer, url_for("pages.overview", org=invited.organisation.public_id))
    return show("organisations/invitation_new.html", form, invitation=invited)


def _welcome(invited: ColleagueInvitation) -> AnyResponse:
    flash(_("You have joined %(organisation)s.", organisation=invited.organisation.name))
    return go(url_for("pages.overview", org=invited.organisation.public_id))


@blueprint.post("/join/<token>/switch")
def switch_account(token: str) -> AnyResponse:
    """Signs out and comes back to the invitation."""
    leave()
    return go(url_for("organisations.invitation", token=token))
