"""The mails of renewals, to whoever sees the money of the organisation that pays (RULES M5, M7, M8)."""

from __future__ import annotations

from collections.abc import Sequence

from webapp.accounts.models import Organisation
from webapp.i18n import current_language, day, money, ngettext
from webapp.i18n import gettext as _
from webapp.mailer import Letter, QueuedMail, address_of, mail
from webapp.money import Money
from webapp.orders import queries as orders
from webapp.orders.mail import ask_for_vat_number, names_of
from webapp.orders.models import Order, OrderLine
from webapp.orders.rules import Method
from webapp.partnerships.models import Partnership
from webapp.products.models import Product
from webapp.renewals import queries
from webapp.renewals.models import RenewalNotice
from webapp.renewals.queries import Renewal
from webapp.renewals.rules import Notice

MOST = 30  # products that a mail names; the page has them all


# --- pieces -------------------------------------------------------------------------------------------------


def _notice(row: QueuedMail) -> tuple[RenewalNotice, list[Renewal]] | None:
    """What the mail is about; None when nothing of it is left to tell, or its reader sees that money no more."""
    notice = queries.notice(row.about)
    if notice is None or not orders.is_told(notice.organisation, row.address):
        return None
    renewals = queries.subjects(notice)
    return (notice, renewals) if renewals else None


def _wanted(notice: RenewalNotice) -> bool:
    """Whether the organisation still wants such mails."""
    wishes = queries.wishes_of(notice.organisation)
    return wishes.reminders if notice.kind is Notice.REMINDER else wishes.automatic_reminder


def _entries(payer: Organisation, renewals: Sequence[Renewal]) -> tuple[tuple[str, str, str], ...]:
    return tuple((each.product.label, _line(payer, each), _address(each)) for each in renewals[:MOST])


def _line(payer: Organisation, renewal: Renewal) -> str:
    plan = renewal.product.plan.name_in(current_language())
    if renewal.holder.id == payer.id:
        return plan
    return _("%(plan)s of %(client)s", plan=plan, client=renewal.holder.name)


def _address(renewal: Renewal) -> str:
    return _page_of(renewal.product, renewal.partnership)


def _page_of(product: Product, partnership: Partnership | None) -> str:
    """The product's page, for who pays for it: its holder, or the partner of this partnership."""
    if partnership is None:
        return address_of("products.show", org=product.organisation.public_id, product=product.public_id)
    return address_of(
        "clients.product",
        org=partnership.partner.organisation.public_id,
        client=partnership.public_id,
        product=product.public_id,
    )


def _and_more(named: Sequence[object]) -> tuple[str, ...]:
    more = len(named) - MOST
    if more <= 0:
        return ()
    return (ngettext("And %(num)s more.", "And %(num)s more.", more),)


def _page(payer: Organisation) -> str:
    return address_of("renewals.index", org=payer.public_id)


def _choice() -> str:
    return _("Which of these mails come, and when, is chosen under “Renewals”.")


def _why(payer: Organisation) -> str:
    return _(
        "You get this mail because you look after the orders of %(organisation)s.", organisation=payer.name
    )


def _thread(notice: RenewalNotice) -> str:
    return f"renewals.{notice.organisation_id}.{notice.renews_on}"


# --- before -------------------------------------------------------------------------------------------------


@mail
def renewal_reminder(row: QueuedMail) -> Letter | None:
    """To whoever pays, at the intervals it chose: what has to be renewed (RULES M8)."""
    about = _notice(row)
    if about is None or not _wanted(about[0]):
        return None
    (notice, renewals), on = about, day(about[0].renews_on)
    payer = notice.organisation
    return Letter(
        subject=_subject_of_reminder(notice, renewals),
        heading=ngettext(
            "A product has to be renewed by %(day)s",
            "%(num)s products have to be renewed by %(day)s",
            len(renewals),
            day=on,
        ),
        paragraphs=(
            ngettext(
                "It does not renew by itself, and it is %(organisation)s that pays for it.",
                "They do not renew by themselves, and it is %(organisation)s that pays for them.",
                len(renewals),
                organisation=payer.name,
            ),
        ),
        entries=_entries(payer, renewals),
        button=(_("See the renewals"), _page(payer)),
        after=(
            *_and_more(renewals),
            _("On that page you can also let products renew by themselves."),
            *ask_for_vat_number(payer),
            _choice(),
        ),
        why=_why(payer),
        thread=_thread(notice),
    )


def _subject_of_reminder(notice: RenewalNotice, renewals: Sequence[Renewal]) -> str:
    on = day(notice.renews_on, "medium")
    if len(renewals) == 1:
        return _("Renew by %(day)s: %(product)s", day=on, product=renewals[0].product.label)
    return ngettext(
        "Renew by %(day)s: %(num)s product", "Renew by %(day)s: %(num)s products", len(renewals), day=on
    )


@mail
def automatic_reminder(row: QueuedMail) -> Letter | None:
    """To whoever pays, 14 days before: what will renew by itself, and what that will cost (RULES M8)."""
    about = _notice(row)
    if about is None or not _wanted(about[0]):
        return None
    (notice, renewals), on = about, day(about[0].renews_on)
    payer, total = notice.organisation, queries.expected(renewals)
    return Letter(
        subject=_subject_of_automatic(notice, renewals),
        heading=ngettext(
            "A product renews by itself on %(day)s",
            "%(num)s products renew by themselves on %(day)s",
            len(renewals),
            day=on,
        ),
        paragraphs=(_how_it_will_be_paid(payer, total),),
        facts=(
            (_("Expected total"), money(total)),
            (_("On the prepaid account"), money(queries.balance(payer))),
        ),
        entries=_entries(payer, renewals),
        button=(_("See the renewals"), _page(payer)),
        after=(
            *_and_more(renewals),
            _("If you don’t want that, switch automatic renewal off on that page before then."),
            *ask_for_vat_number(payer),
            _choice(),
        ),
        why=_why(payer),
        thread=_thread(notice),
    )


def _subject_of_automatic(notice: RenewalNotice, renewals: Sequence[Renewal]) -> str:
    on = day(notice.renews_on, "medium")
    if len(renewals) == 1:
        return _("Automatic renewal on %(day)s: %(product)s", day=on, product=renewals[0].product.label)
    return ngettext(
        "Automatic renewal on %(day)s: %(num)s product",
        "Automatic renewal on %(day)s: %(num)s products",
        len(renewals),
        day=on,
    )


def _how_it_will_be_paid(payer: Organisation, total: Money) -> str:
    if queries.balance(payer).minor >= total.minor:
        return _(
            "The amount will be taken from the prepaid account, which has enough; there is nothing to do."
        )
    if Method.INVOICE in orders.methods(payer.currency):
        return _("The prepaid account does not have enough for that, so an invoice will come instead.")
    return _(
        "The prepaid account does not have enough for that, and transfers in %(currency)s are not possible here. "
        "Answer this mail before then, and we will look for another way.",
        currency=total.currency,
    )


# --- after --------------------------------------------------------------------------------------------------


@mail
def automatic_done(row: QueuedMail) -> Letter | None:
    """To whoever paid: renewed, and debited (RULES M8)."""
    order = orders.by_id(row.about)
    if order is None or order.cancelled_at or not orders.is_told(order.payer, row.address):
        return None
    count, payer = len(order.lines), order.payer
    first = order.lines[0].label
    return Letter(
        subject=_("Renewed: %(product)s", product=first)
        if count == 1
        else ngettext("Renewed: %(num)s product", "Renewed: %(num)s products", count),
        heading=ngettext("A product was renewed automatically", "%(num)s products were renewed automatically", count),
        paragraphs=(_("The amount was taken from the prepaid account; there is nothing to do."),),
        facts=(
            (_("Order"), order.number),
            *(((_("For"), order.holder.name),) if order.holder_id != order.payer_id else ()),
            (_("Debited"), money(order.money(order.gross))),
        ),
        entries=_renewed(order),
        button=(_("See the order"), address_of("orders.show", org=payer.public_id, order=order.public_id)),
        after=(*_and_more(order.lines), _choice()),
        why=_why(payer),
        thread=f"order.{order.id}",
    )  # fmt: skip


def _renewed(order: Order) -> tuple[tuple[str, str, str], ...]:
    partnership = order.partnership if order.payer_id != order.holder_id else None
    return tuple(
        (name, _runs_until(line), _page_of(line.product, partnership))
        for name, line in list(zip(names_of(order.lines), order.lines, strict=True))[:MOST]
        if line.product
    )


def _runs_until(line: OrderLine) -> str:
    return _("Until %(day)s", day=day(line.ends_on)) if line.ends_on else line.name_in(current_language())


@mail
def automatic_failed(row: QueuedMail) -> Letter | None:
    """To whoever should pay, once a period: what could not be renewed, and what to do (RULES M8)."""
    about = _notice(row)
    if about is None:
        return None
    (notice, renewals), payer = about, about[0].organisation
    total, there = queries.expected(renewals), queries.balance(payer)
    if there.minor >= total.minor or Method.INVOICE in orders.methods(payer.currency):
        return None  # the money has come: the next run renews
    return Letter(
        subject=_("Could not be renewed: %(product)s", product=renewals[0].product.label)
        if len(renewals) == 1
        else ngettext("Could not be renewed: %(num)s product", "Could not be renewed: %(num)s products",
                      len(renewals)),
        heading=ngettext("A product could not be renewed automatically",
                         "%(num)s products could not be renewed automatically", len(renewals)),
        paragraphs=(
            _("There is not enough money on the prepaid account of %(organisation)s.", organisation=payer.name),
            _("Transfers in %(currency)s are not possible here. Answer this mail, and we will look for another way.",
              currency=payer.currency),
        ),
        facts=(
            (_("Renewal date"), day(notice.renews_on)),
            (_("Needed"), money(total)),
            (_("On the prepaid account"), money(there)),
            (_("Missing"), money(total - there)),
        ),
        entries=_entries(payer, renewals),
        button=(_("See the prepaid account"), address_of("ledger.account", org=payer.public_id)),
        after=(
            *_and_more(renewals),
            _("What you no longer need, you can stop under “Renewals” by switching automatic renewal off."),
        ),
        why=_why(payer),
        thread=_thread(notice),
    )  # fmt: skip
