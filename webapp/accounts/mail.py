"""The mails about accounts and passwords."""

from __future__ import annotations

from webapp import clock, links
from webapp.accounts import queries
from webapp.i18n import gettext as _
from webapp.i18n import instant, language_name
from webapp.links import Link
from webapp.mailer import Letter, QueuedMail, address_of, mail


def live_link(purpose: str, subject: int) -> Link | None:
    """The link that this mail carries, while it opens something."""
    link = links.live(purpose, subject)
    return link if link and link.expires_at > clock.now() else None


def _changes_nothing() -> str:
    return _("Opening the link changes nothing yet: you confirm on the page.")


def in_your_language(row: QueuedMail) -> str:
    """Why a mail to somebody with an account is in this language."""
    return _("It is in %(language)s, the language of your account.", language=language_name(row.language))


@mail
def verify_address(row: QueuedMail) -> Letter | None:
    """To a person who signed up."""
    person, link = queries.user(row.about), live_link("verify", row.about)
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
                in_your_language(row),
            )
        ),
    )


@mail
def already_registered(row: QueuedMail) -> Letter | None:
    """To a person whose address somebody signed up with again."""
    person = queries.user(row.about)
    if person is None or person.disabled_at:
        return None
    link = None if person.verified_at else live_link("reset", person.id)
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
                in_your_language(row),
            )
        ),
    )


@mail
def reset_password(row: QueuedMail) -> Letter | None:
    """To a person who forgot the password."""
    person, link = queries.user(row.about), live_link("reset", row.about)
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
                in_your_language(row),
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
                in_your_language(row),
            )
        ),
    )
