"""The mails about accounts, passwords and colleagues."""

from __future__ import annotations

from webapp import clock, links
from webapp.accounts import labels, queries
from webapp.i18n import country, instant, language_name
from webapp.i18n import gettext as _
from webapp.links import Link
from webapp.mailer import Letter, QueuedMail, address_of, mail


def _live(purpose: str, subject: int) -> Link | None:
    """The link that this mail carries, while it opens something."""
    link = links.live(purpose, subject)
    return link if link and link.expires_at > clock.now() else None


def _changes_nothing() -> str:
    return _("Opening the link changes nothing yet: you confirm on the page.")


def _in_your_language(row: QueuedMail) -> str:
    return _("It is in %(language)s, the language of your account.", language=language_name(row.language))


@mail
def verify_address(row: QueuedMail) -> Letter | None:
    """To a person who signed up."""
    person, link = queries.user(row.about), _live("verify", row.about)
    if person is None or link is None or person.verified_at:
        return None
    return Letter(
        subject=_("Confirm your mail address"),
        heading=_("Confirm your mail address"),
        preheader=_("One more step, then your account is ready."),
        paragraphs=(_("Somebody, probably you, has opened an account with this address."),),
        facts=(
            (_("Name"), person.name),
            (_("Mail address"), person.email),
            (_("Valid until"), instant(link.expires_at)),
        ),
        button=(_("Confirm your address"), address_of("accounts.verify", token=link.token)),
        after=(
            _changes_nothing(),
            _("It was not you? Then do nothing: without your confirmation the account cannot be used."),
        ),
        why=" ".join(
            (
                _("You get this mail because this address was entered to open an account."),
                _in_your_language(row),
            )
        ),
    )


@mail
def already_registered(row: QueuedMail) -> Letter | None:
    """To a person whose address somebody signed up with again."""
    person = queries.user(row.about)
    if person is None or person.disabled_at:
        return None
    link = None if person.verified_at else _live("reset", person.id)
    if link:
        button = (_("Choose a password"), address_of("accounts.reset_password", token=link.token))
        after = (
            _changes_nothing(),
            _(
                "The address was not confirmed until now. "
                "So that nobody else’s password counts, choose yours."
            ),
        )
    else:
        button = (_("Sign in"), address_of("accounts.sign_in"))
        after = (
            _(
                "Forgotten your password? Choose a new one here: %(address)s",
                address=address_of("accounts.forgot_password"),
            ),
            _("It was not you? Then do nothing: your account is as it was."),
        )
    return Letter(
        subject=_("You already have an account"),
        heading=_("You already have an account"),
        paragraphs=(_("Somebody, probably you, wanted to open an account with this address. There is one."),),
        facts=((_("Mail address"), person.email),),
        button=button,
        after=after,
        why=" ".join(
            (
                _("You get this mail because this address was entered to open an account."),
                _in_your_language(row),
            )
        ),
    )


@mail
def reset_password(row: QueuedMail) -> Letter | None:
    """To a person who forgot the password."""
    person, link = queries.user(row.about), _live("reset", row.about)
    if person is None or link is None or person.disabled_at:
        return None
    return Letter(
        subject=_("Choose a new password"),
        heading=_("Choose a new password"),
        paragraphs=(_("Somebody, probably you, has asked for a new password for your account."),),
        facts=((_("Mail address"), person.email), (_("Valid until"), instant(link.expires_at))),
        button=(_("Choose a new password"), address_of("accounts.reset_password", token=link.token)),
        after=(
            _changes_nothing(),
            _("It was not you? Then do nothing: your password stays as it is."),
        ),
        why=" ".join(
            (
                _("You get this mail because a new password was asked for with this address."),
                _in_your_language(row),
            )
        ),
    )


@mail
def password_changed(row: QueuedMail) -> Letter | None:
    """To a person whose password is another one now."""
    person = queries.user(row.about)
    if person is None:
        return None
    return Letter(
        subject=_("Your password was changed"),
        heading=_("Your password was changed"),
        paragraphs=(
            _(
                "The password of your account was changed. "
                "All other devices that were signed in are signed out."
            ),
        ),
        facts=((_("Mail address"), person.email), (_("When"), instant(row.queued_at))),
        button=(_("See where you are signed in"), address_of("accounts.sessions")),
        after=(
            _(
                "It was not you? Then choose a new password at once: %(address)s",
                address=address_of("accounts.forgot_password"),
            ),
        ),
        why=" ".join(
            (
                _("You get this mail because the password of your account was changed."),
                _in_your_language(row),
            )
        ),
    )


@mail
def colleague_invited(row: QueuedMail) -> Letter | None:
    """To an address that was invited to an organisation; of no use once that is answered or withdrawn."""
    invitation, link = queries.invitation(row.about), _live("colleague", row.about)
    if invitation is None or link is None or invitation.accepted_at or invitation.withdrawn_at:
        return None
    inviter, organisation = invitation.invited_by.name, invitation.organisation.name
    place = f"{invitation.organisation.city} ({country(invitation.organisation.country)})"
    known = queries.user_by_email(row.address)
    return Letter(
        subject=_("%(person)s invites you to %(organisation)s", person=inviter, organisation=organisation),
        heading=_("%(person)s invites you to %(organisation)s", person=inviter, organisation=organisation),
        paragraphs=(_("You can join the organisation and work with your colleagues under your own name."),),
        facts=(
            (_("Organisation"), f"{organisation}, {place}"),
            (_("Your role"), labels.role(invitation.role)),
            (_("Valid until"), instant(link.expires_at)),
        ),
        button=(_("See the invitation"), address_of("accounts.invitation", token=link.token)),
        after=(
            _("Opening the link changes nothing yet: you join on the page."),
            _("You don’t know the sender? Then do nothing."),
        ),
        why=" ".join(
            (
                _("You get this mail because %(person)s entered your address.", person=inviter),
                _in_your_language(row)
                if known
                else _(
                    "It is in %(language)s, the language of the invitation.",
                    language=language_name(row.language),
                ),
            )
        ),
        thread=f"colleague.{invitation.public_id}",
    )


@mail
def colleague_joined(row: QueuedMail) -> Letter | None:
    """To the person who invited; of no use once the colleague has left."""
    membership = queries.membership_by_id(row.about)
    if membership is None:
        return None
    colleague, organisation = membership.user, membership.organisation
    return Letter(
        subject=_(
            "%(person)s has joined %(organisation)s", person=colleague.name, organisation=organisation.name
        ),
        heading=_(
            "%(person)s has joined %(organisation)s", person=colleague.name, organisation=organisation.name
        ),
        paragraphs=(_("Your invitation was accepted."),),
        facts=(
            (_("Name"), colleague.name),
            (_("Mail address"), colleague.email),
            (_("Role"), labels.role(membership.role)),
        ),
        button=(_("See the team"), address_of("accounts.team", org=organisation.public_id)),
        why=" ".join(
            (
                _("You get this mail because you invited this person."),
                _in_your_language(row),
            )
        ),
    )
