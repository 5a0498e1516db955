"""The mails of the partner programme."""

from __future__ import annotations

from webapp.directory import queries
from webapp.i18n import country, instant
from webapp.i18n import gettext as _
from webapp.mailer import Letter, QueuedMail, address_of, mail


@mail
def application_received(row: QueuedMail) -> Letter | None:
    """To the applicant, at once."""
    application = queries.application_by_id(row.about)
    if application is None:
        return None
    name = application.organisation.name
    return Letter(
        subject=_("Application of %(organisation)s received", organisation=name),
        heading=_("We have received your application"),
        paragraphs=(
            _("Thank you for applying to become a partner with %(organisation)s.", organisation=name),
            _("We read each application ourselves and answer you by mail, whatever we decide."),
        ),
        facts=((_("Organisation"), name), (_("Website"), application.website)),
        button=(
            _("See your application"),
            address_of("directory.apply", org=application.organisation.public_id),
        ),
        why=_(
            "You get this mail because you applied to the partner programme for %(organisation)s.",
            organisation=name,
        ),
        thread=f"application.{application.id}",
    )


@mail
def application_waiting(row: QueuedMail) -> Letter | None:
    """To each operator; of no use once somebody decided."""
    application = queries.application_by_id(row.about)
    if application is None or application.state != "waiting":
        return None
    organisation = application.organisation
    return Letter(
        subject=_("%(organisation)s applies to become a partner", organisation=organisation.name),
        heading=_("An application is waiting for you"),
        paragraphs=(_("%(organisation)s would like to become a partner.", organisation=organisation.name),),
        facts=(
            (_("Organisation"), organisation.name),
            (_("Place"), f"{organisation.city}, {country(organisation.country)}"),
            (_("Register number"), organisation.register_number or "–"),
            (_("Website"), application.website),
            (_("Applicant"), application.applicant.name),
        ),
        button=(
            _("Read the application"),
            address_of("backoffice.application", application=application.public_id),
        ),
        why=_("You get this mail because you run this portal."),
        thread=f"application.{application.id}",
    )


@mail
def application_approved(row: QueuedMail) -> Letter | None:
    """To the applicant."""
    application = queries.application_by_id(row.about)
    if application is None or application.state != "approved":
        return None
    organisation = application.organisation
    return Letter(
        subject=_("%(organisation)s is now a partner", organisation=organisation.name),
        heading=_("Welcome as a partner"),
        paragraphs=(
            _("Your application for %(organisation)s has been approved.", organisation=organisation.name),
            _("From now on you receive the calls for tenders of our visitors and clients."),
            _("Complete your directory profile and switch it on, so that clients find you."),
        ),
        button=(
            _("Complete the directory profile"),
            address_of("directory.listing", org=organisation.public_id),
        ),
        after=(_("You choose yourself which calls for tenders you receive, under “Calls for tenders”."),),
        why=_(
            "You get this mail because you applied to the partner programme for %(organisation)s.",
            organisation=organisation.name,
        ),
        thread=f"application.{application.id}",
    )


@mail
def application_rejected(row: QueuedMail) -> Letter | None:
    """To the applicant, with the operator's reason in the operator's own words."""
    application = queries.application_by_id(row.about)
    if application is None or application.state != "rejected":
        return None
    organisation = application.organisation
    return Letter(
        subject=_("Application of %(organisation)s not approved", organisation=organisation.name),
        heading=_("We can’t approve your application at the moment"),
        paragraphs=(
            _(
                "We have read your application for %(organisation)s and could not approve it.",
                organisation=organisation.name,
            ),
            _("This is the reason:"),
        ),
        quote=("", application.reason),
        button=(_("Apply again"), address_of("directory.apply", org=organisation.public_id)),
        after=(
            _("You may apply again as soon as the reason no longer holds."),
            _("To ask a question, answer this mail."),
        ),
        why=_(
            "You get this mail because you applied to the partner programme for %(organisation)s.",
            organisation=organisation.name,
        ),
        thread=f"application.{application.id}",
    )


def _why_representative(organisation: str) -> str:
    return _(
        "You get this mail because you are a legal representative of %(organisation)s.",
        organisation=organisation,
    )


@mail
def partner_suspended(row: QueuedMail) -> Letter | None:
    """To each legal representative of the partner; of no use once the suspension is lifted."""
    partner = queries.partner_by_id(row.about)
    if partner is None or partner.suspended_at is None or partner.left_at:
        return None
    return Letter(
        subject=_("Partner account of %(partner)s suspended", partner=partner.name),
        heading=_("Your partner account is suspended"),
        paragraphs=(
            _(
                "The operator of this portal has suspended the partner account of %(partner)s.",
                partner=partner.name,
            ),
            _(
                "Until this is lifted, the directory does not show you, no calls for tenders reach you, and "
                "nobody in your team can act for a client. Your partnerships and your data stay as they are."
            ),
            _("To learn why, and what can be done, answer this mail."),
        ),
        facts=((_("Suspended"), instant(partner.suspended_at)),),
        button=(_("See your clients"), address_of("clients.index", org=partner.organisation.public_id)),
        why=_why_representative(partner.organisation.name),
        thread=f"suspension.{partner.id}",
    )


@mail
def partner_resumed(row: QueuedMail) -> Letter | None:
    """To each legal representative of the partner."""
    partner = queries.partner_by_id(row.about)
    if partner is None or partner.suspended_at:
        return None
    return Letter(
        subject=_("Partner account of %(partner)s active again", partner=partner.name),
        heading=_("Your partner account is active again"),
        paragraphs=(
            _("The suspension of %(partner)s has been lifted.", partner=partner.name),
            _(
                "Calls for tenders reach you again, the directory shows you if your profile is switched on, and "
                "your team can act for your clients as before."
            ),
        ),
        button=(_("See your clients"), address_of("clients.index", org=partner.organisation.public_id)),
        why=_why_representative(partner.organisation.name),
        thread=f"suspension.{partner.id}",
    )


@mail
def partner_left(row: QueuedMail) -> Letter | None:
    """To each legal representative of who has left the programme; of no use once it is back (RULES A3)."""
    partner = queries.partner_by_id(row.about)
    if partner is None or partner.left_at is None:
        return None
    name = partner.organisation.name
    return Letter(
        subject=_("%(organisation)s has left the partner programme", organisation=name),
        heading=_("You have left the partner programme"),
        paragraphs=(
            _("The partner account of %(organisation)s is closed: the directory does not show it any more, and no "
              "calls for tenders reach you.", organisation=name),
            _("Your prepaid account, your revenue of the past and all documents stay in your space."),
            _("From now on %(organisation)s may join the affiliate programme, or apply again to become a partner.",
              organisation=name),
        ),
        facts=((_("Left"), instant(partner.left_at)),),
        button=(_("Go to the overview"), address_of("pages.overview", org=partner.organisation.public_id)),
        after=(_("If you did not expect this, answer this mail."),),
        why=_why_representative(name),
        thread=f"leaving.{partner.id}",
    )  # fmt: skip
