"""The mails about payouts: to affiliates, and to the operator."""

from __future__ import annotations

from webapp.affiliation import queries as affiliation
from webapp.affiliation.mail import why
from webapp.i18n import day, instant, money, month
from webapp.i18n import gettext as _
from webapp.mailer import Letter, QueuedMail, address_of, mail
from webapp.orders.queries import is_told
from webapp.payouts import labels, queries
from webapp.payouts.models import Payout, PayoutPreference
from webapp.payouts.rules import Kind, RunState, State


@mail
def payout_sent(row: QueuedMail) -> Letter | None:
    """The money has left for where the affiliate wants it (RULES F8)."""
    payout = _payout(row)
    if payout is None or payout.state is not State.EXECUTED or payout.executed_at is None:
        return None
    return Letter(
        subject=_("%(amount)s of commissions paid out", amount=money(payout.money)),
        heading=_("Your commissions have been paid out"),
        paragraphs=(_arrives(payout),),
        facts=(
            (_("Amount"), money(payout.money)), (_("To"), labels.goes_to(payout)),
            (_("Paid out on"), day(payout.executed_at)), (_("Credit note"), payout.number),
        ),
        button=_payouts(payout),
        why=why(payout.account),
        thread=_thread(payout),
    )  # fmt: skip


@mail
def payout_failed(row: QueuedMail) -> Letter | None:
    """It came back: why, and what to do."""
    payout = _payout(row)
    if payout is None or payout.state is not State.RETURNED:
        return None
    org = payout.account.organisation.public_id
    return Letter(
        subject=_("Your payout of %(amount)s came back", amount=money(payout.money)),
        heading=_("Your payout came back"),
        paragraphs=(
            _("%(amount)s could not be paid out. Nothing is lost: it is part of your balance again.",
              amount=money(payout.money)),
            _("Look at where payouts go, correct it or save it once more. We pay again with the next payouts."),
        ),
        facts=(
            (_("Amount"), money(payout.money)), (_("To"), labels.goes_to(payout)),
            (_("Reason"), payout.reason), (_("Credit note"), payout.number),
        ),
        button=(_("Look at where payouts go"), address_of("payouts.preferences", org=org)),
        why=why(payout.account),
        thread=_thread(payout),
    )  # fmt: skip


@mail
def payout_preferences_changed(row: QueuedMail) -> Letter | None:
    """Payouts go somewhere else from now on: to whoever sees the earnings, and to where they went before."""
    account = affiliation.account(row.about)
    chosen = queries.preference_row(account) if account else None
    if account is None or chosen is None:
        return None
    organisation = account.organisation
    told = is_told(organisation, row.address)
    page = (_("See where payouts go"), address_of("payouts.preferences", org=organisation.public_id))
    return Letter(
        subject=_("Payouts of %(organisation)s go somewhere else", organisation=organisation.name),
        heading=_("Payouts go somewhere else from now on"),
        paragraphs=(
            _("Somebody who represents %(organisation)s has changed where its commissions are paid to.",
              organisation=organisation.name),
            *([_waits(chosen)] if chosen.holds_until > chosen.changed_at else []),
            _("If you know nothing of it, answer this mail at once."),
        ),
        facts=((_("To"), labels.goes_to(chosen.preference)), (_("Changed on"), instant(chosen.changed_at))),
        button=page if told else None,
        why=why(account) if told else _("You get this because the commissions were paid to this address before."),
        thread=f"payout-preferences.{account.id}",
    )  # fmt: skip


@mail
def payout_run_due(row: QueuedMail) -> Letter | None:
    """To each operator; of no use once the run was carried out."""
    run = queries.run_by_id(row.about)
    if run is None or run.state is not RunState.DUE:
        return None
    outside = queries.with_totals(run).outside
    return Letter(
        subject=_("Payouts in %(currency)s are to be carried out", currency=run.currency),
        heading=_("The payouts of %(month)s are to be carried out", month=month(run.month)),
        paragraphs=(_("The portal moves no money: give the files to the bank and to PayPal, then say so."),),
        facts=tuple((labels.payout_kind(each.kind), money(each.sent_amount)) for each in outside),
        button=(_("See the payouts"), address_of("payouts.run", run=run.public_id)),
        why=_("You get this mail because you run this portal."),
        thread=f"payout-run.{run.id}",
    )


def _payout(row: QueuedMail) -> Payout | None:
    payout = queries.payout_by_id(row.about)
    if payout is None or not is_told(payout.account.organisation, row.address):
        return None
    return payout


def _arrives(payout: Payout) -> str:
    if payout.kind is Kind.PREPAID:
        return _("The money is on the prepaid account of %(organisation)s.",
                 organisation=payout.account.organisation.name)  # fmt: skip
    if payout.kind is Kind.PAYPAL:
        return _("The money is on its way to the PayPal account.")
    return _("It takes a bank one or two working days until the money is there.")


def _waits(chosen: PayoutPreference) -> str:
    return _("Nothing is paid before %(day)s.", day=day(chosen.holds_until))


def _payouts(payout: Payout) -> tuple[str, str]:
    return _("See your payouts"), address_of("payouts.index", org=payout.account.organisation.public_id)


def _thread(payout: Payout) -> str:
    return f"payout.{payout.id}"
