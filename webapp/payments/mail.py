"""The mails of prepaid accounts: filled, and withdrawn from."""

from __future__ import annotations

from webapp.accounts.models import Organisation
from webapp.i18n import day, money
from webapp.i18n import gettext as _
from webapp.mailer import Letter, QueuedMail, address_of, mail
from webapp.orders import queries as billing
from webapp.payments import queries
from webapp.payments.models import Withdrawal
from webapp.payments.rules import Kind


@mail
def topped_up(row: QueuedMail) -> Letter | None:
    """A transfer filled the prepaid account."""
    transfer = queries.transfer_by_id(row.about)
    organisation = transfer.organisation if transfer else None
    if transfer is None or organisation is None or not billing.is_told(organisation, row.address):
        return None
    return Letter(
        subject=_("%(amount)s on your prepaid account", amount=money(transfer.money)),
        heading=_("Your transfer has arrived"),
        paragraphs=(
            _(
                "%(amount)s is on the prepaid account of %(organisation)s.",
                amount=money(transfer.money), organisation=organisation.name,
            ),
        ),
        facts=((_("Booked by the bank on"), day(transfer.booked_on)),),
        button=_account(organisation),
        why=_why(organisation),
    )  # fmt: skip


@mail
def withdrawal_requested(row: QueuedMail) -> Letter | None:
    """Somebody asked for money from the account: those who look after it hear at once."""
    withdrawal = _withdrawal(row)
    if withdrawal is None:
        return None
    return Letter(
        subject=_("Withdrawal of %(amount)s requested", amount=money(withdrawal.money)),
        heading=_("A withdrawal was requested"),
        paragraphs=(
            _(
                "%(person)s has asked to have %(amount)s paid out from the prepaid account of %(organisation)s.",
                person=withdrawal.requested_by.name, amount=money(withdrawal.money),
                organisation=withdrawal.organisation.name,
            ),
            _("If you know nothing of it, answer this mail before the money leaves."),
        ),
        facts=((_("To"), withdrawal.destination.masked),),
        button=_account(withdrawal.organisation),
        why=_why(withdrawal.organisation),
        thread=_thread(withdrawal),
    )  # fmt: skip


@mail
def withdrawal_paid(row: QueuedMail) -> Letter | None:
    """The operator has paid it out."""
    withdrawal = _withdrawal(row)
    if withdrawal is None or withdrawal.paid_at is None:
        return None
    return Letter(
        subject=_("%(amount)s paid out", amount=money(withdrawal.money)),
        heading=_("A withdrawal has been paid out"),
        paragraphs=(_arrives(withdrawal),),
        facts=(
            (_("Amount"), money(withdrawal.money)),
            (_("From"), _("Prepaid account of %(organisation)s", organisation=withdrawal.organisation.name)),
            (_("To"), withdrawal.destination.masked),
            (_("Paid out on"), day(withdrawal.paid_at)),
        ),
        button=_account(withdrawal.organisation),
        why=_why(withdrawal.organisation),
        thread=_thread(withdrawal),
    )


@mail
def withdrawal_refused(row: QueuedMail) -> Letter | None:
    """The operator could not pay it out: the money is back."""
    withdrawal = _withdrawal(row)
    if withdrawal is None or withdrawal.refused_at is None:
        return None
    return Letter(
        subject=_("Withdrawal of %(amount)s not possible", amount=money(withdrawal.money)),
        heading=_("A withdrawal was not possible"),
        paragraphs=(
            _(
                "The money is back on the prepaid account of %(organisation)s.",
                organisation=withdrawal.organisation.name,
            ),
        ),
        facts=(
            (_("Amount"), money(withdrawal.money)),
            (_("To"), withdrawal.destination.masked),
            (_("Reason"), withdrawal.reason),
        ),
        button=_account(withdrawal.organisation),
        why=_why(withdrawal.organisation),
        thread=_thread(withdrawal),
    )


def _withdrawal(row: QueuedMail) -> Withdrawal | None:
    withdrawal = queries.withdrawal_by_id(row.about)
    if withdrawal is None or not billing.is_told(withdrawal.organisation, row.address):
        return None
    return withdrawal


def _arrives(withdrawal: Withdrawal) -> str:
    if withdrawal.kind is Kind.PAYPAL:
        return _("The money is on its way to the PayPal account.")
    return _("It takes a bank one or two working days until the money is there.")


def _account(organisation: Organisation) -> tuple[str, str]:
    return _("See the account"), address_of("ledger.account", org=organisation.public_id)


def _why(organisation: Organisation) -> str:
    return _(
        "You get this mail because you look after the prepaid account of %(organisation)s.",
        organisation=organisation.name,
    )


def _thread(withdrawal: Withdrawal) -> str:
    return f"withdrawal.{withdrawal.id}"
