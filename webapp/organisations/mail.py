"""The mails about colleagues."""

from __future__ import annotations

from webapp.accounts import labels
from webapp.accounts import queries as accounts
from webapp.accounts.mail import in_your_language, live_link
from webapp.i18n import country, instant, language_name
from webapp.i18n import gettext as _
from webapp.mailer import Letter, QueuedMail, address_of, mail
from webapp.organisations import queries


@mail
def colleague_invited(row: QueuedMail) -> Letter | None:
    """To an address that was invited to an organisation; of no use once that is answered or withdrawn."""
    invitation, link = queries.invitation(row.about), live_link("colleague", row.about)
    if invitation is None or link is None or invitation.accepted_at or invitation.withdrawn_at:
        return None
    inviter, organisation = invitation.invited_by.name, invitation.organisation.name
    place = f"{invitation.organisation.city} ({country(invitation.organisation.country)})"
    known = accounts.user_by_email(row.address)
    return Letter(
        subject=_("%(person)s invites you to %(organisation)s", person=inviter, organisation=organisation),
        heading=_("%(person)s invites you to %(organisation)s", person=inviter, organisation=organisation),
        paragraphs=(_("You can join the organisation and work with your colleagues under your own name."),),
        facts=(
            (_("Organisation"), f"{organisation}, {place}"),
            (_("Your role"), labels.role(invitation.role)),
            (_("Valid until"), instant(link.expires_at)),
        ),
        button=(_("See the invitation"), address_of("organisations.invitation", token=link.token)),
        after=(
            _("Opening the link changes nothing yet: you join on the page."),
            _("You don’t know the sender? Then do nothing."),
        ),
        why=" ".join(
            (
                _("You get this mail because %(person)s entered your address.", person=inviter),
                in_your_language(row)
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
        button=(_("See the team"), address_of("organisations.team", org=organisation.public_id)),
        why=" ".join(
            (
                _("You get this mail because you invited this person."),
                in_your_language(row),
            )
        ),
    )
