"""What is asked about renewals: what is due, who pays for it at this moment, and who was told (RULES M8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from webapp import lists
from webapp.accounts.models import Organisation
from webapp.directory.models import PartnerAccount
from webapp.extensions import db
from webapp.ledger import queries as ledger
from webapp.ledger.rules import AccountKind
from webapp.lists import Part, one_more
from webapp.money import Money
from webapp.orders import queries as orders
from webapp.orders import quotes
from webapp.orders.models import NoticeSettings, Order, OrderLine
from webapp.orders.quotes import Quote, renewal_of
from webapp.orders.rules import renews_as
from webapp.partnerships.models import Partnership
from webapp.partnerships.queries import ACTIVE
from webapp.partnerships.rules import Access, Payer
from webapp.products.models import Product
from webapp.programme import programme
from webapp.renewals.models import RenewalNotice
from webapp.renewals.rules import Due, Notice, Wishes

PER_PAGE = 50
AHEAD = timedelta(days=366)  # what the page shows

# The partner that pays for a product and still may: joined to products, it decides who pays next time. Whoever
# paid once under a partnership that has ended since, or lets the client pay now, pays no more (RULES M4, C11).
_STILL_PAYING = sa.and_(
    Product.payer_id != Product.organisation_id,
    Partnership.client_id == Product.organisation_id,
    Partnership.partner_organisation_id == Product.payer_id,
    ACTIVE,
    Partnership.access == Access.FULL,
    Partnership.payer == Payer.PARTNER,
    sa.exists().where(
        PartnerAccount.id == Partnership.partner_id, PartnerAccount.suspended_at.is_(None)
    ),
)  # fmt: skip
_payer_id = sa.case((Partnership.id.is_not(None), Product.payer_id), else_=Product.organisation_id)

# A renewal that was ordered and not paid yet, or that was paid for this very period.
_ORDERED = (
    sa.exists()
    .where(
        OrderLine.product_id == Product.id,
        OrderLine.claim.is_not(None),
        Order.id == OrderLine.order_id,
        sa.or_(Order.paid_at.is_(None), OrderLine.starts_on == Product.renews_on),
    )
    .correlate(Product)
)


# --- what is due: plain rows, found by the index on the renewal date -----------------------------------------


def due(until: date) -> list[Due]:
    """The products that renew by themselves until this day and are not ordered yet."""
    return [Due(*row) for row in db.session.execute(_automatic().where(Product.renews_on <= until))]


def automatic(ids: Collection[int]) -> list[Due]:
    """Of these products those that renew by themselves, whenever, and are not ordered yet."""
    return [Due(*row) for row in db.session.execute(_automatic().where(Product.id.in_(ids)))]


def _automatic() -> sa.Select[Any]:
    return (
        sa.select(Product.renews_on, Product.organisation_id, _payer_id, Partnership.id, Product.id)
        .outerjoin(Partnership, _STILL_PAYING)
        .where(Product.ended_at.is_(None), Product.auto_renew, ~_ORDERED)
        .order_by(Product.renews_on, Product.id)
    )


@dataclass(frozen=True)
class Upcoming:
    """An organisation pays for something that renews on that day, by itself or not; which mails it wants."""

    organisation_id: int
    renews_on: date
    automatic: bool
    wishes: Wishes

    @property
    def notice(self) -> Notice:
        """What it is to be told."""
        return Notice.AUTOMATIC if self.automatic else Notice.REMINDER


def upcoming(first: date, last: date) -> list[Upcoming]:
    """Who pays for what renews between these days and is not ordered yet; one row per organisation and day."""
    query = (
        sa.select(_payer_id.label("payer"), Product.renews_on, Product.auto_renew)
        .outerjoin(Partnership, _STILL_PAYING)
        .where(Product.renews_on.between(first, last), Product.ended_at.is_(None), ~_ORDERED)
        .distinct()
        .subquery()
    )
    rows = db.session.execute(
        sa.select(
            query,
            NoticeSettings.reminders, NoticeSettings.reminder_days, NoticeSettings.automatic_reminder,
            NoticeSettings.automatic_done, NoticeSettings.invoice_issued,
        )
        .outerjoin(NoticeSettings, NoticeSettings.organisation_id == query.c.payer)
        .order_by(query.c.renews_on, query.c.payer)
    )  # fmt: skip
    choices = programme().renewals.reminder_choices
    default = Wishes.default(choices)
    return [
        Upcoming(payer, day, automatic, default if said[0] is None else _wishes(choices, *said))
        for payer, day, automatic, *said in rows
    ]


def _wishes(choices: Iterable[int], reminders: bool, days: Collection[str], *switches: bool) -> Wishes:
    """What an organisation chose, as far as the policy still offers it."""
    return Wishes(reminders, tuple(each for each in choices if str(each) in days), *switches)


def wishes_of(organisation: Organisation) -> Wishes:
    """Which mails the organisation wants."""
    row, choices = orders.notices_of(organisation), programme().renewals.reminder_choices
    if row is None:
        return Wishes.default(choices)
    return _wishes(
        choices, row.reminders, row.reminder_days, row.automatic_reminder, row.automatic_done,
        row.invoice_issued,
    )  # fmt: skip


def told(first: date) -> dict[tuple[int, Notice, date], set[int]]:
    """The intervals of which organisations were told, for renewal dates from this day on."""
    sent: dict[tuple[int, Notice, date], set[int]] = defaultdict(set)
    columns = (
        RenewalNotice.organisation_id, RenewalNotice.kind, RenewalNotice.renews_on, RenewalNotice.days
    )  # fmt: skip
    for organisation_id, kind, day, days in db.session.execute(
        sa.select(*columns).where(RenewalNotice.renews_on >= first)
    ):
        sent[organisation_id, kind, day].add(days)
    return sent


def organisation(organisation_id: int) -> Organisation:
    """One that a row names."""
    return db.session.get_one(Organisation, organisation_id)


def partnership(partnership_id: int) -> Partnership:
    """One that a row names."""
    return db.session.get_one(Partnership, partnership_id)


def products(ids: Collection[int]) -> list[Product]:
    """These, by their ids."""
    return list(db.session.scalars(sa.select(Product).where(Product.id.in_(ids)).order_by(Product.id)))


# --- renewals that people look at ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Renewal:
    """A product that renews, and the partnership whose partner pays for it, None when its holder pays."""

    product: Product
    partnership: Partnership | None

    @property
    def holder(self) -> Organisation:
        """Whose product it is."""
        return self.product.organisation

    @property
    def payer(self) -> Organisation:
        """Who pays next time."""
        return self.product.payer if self.partnership else self.product.organisation


def _renewals() -> sa.Select[Product, Partnership]:
    return (
        sa.select(Product, Partnership)
        .outerjoin(Partnership, _STILL_PAYING)
        .join(Product.plan)
        .options(contains_eager(Product.plan), joinedload(Product.organisation), joinedload(Product.payer))
        .where(Product.ended_at.is_(None))
        .order_by(Product.renews_on, Product.sort_label, Product.id)
    )


def _concerning(organisation: Organisation) -> sa.ColumnElement[bool]:
    """It is the organisation's, or the organisation pays for it next time."""
    return sa.or_(
        Product.organisation_id == organisation.id,
        sa.and_(Product.payer_id == organisation.id, Partnership.id.is_not(None)),
    )


def part(organisation: Organisation, *, today: date, page: int) -> Part[Renewal]:
    """What renews within a year, and what should have, oldest first."""
    query = _renewals().where(_concerning(organisation), Product.renews_on <= today + AHEAD)
    rows = db.session.execute(one_more(query, page, per=PER_PAGE))
    return lists.part([Renewal(*row) for row in rows], page, per=PER_PAGE)


def renewal(organisation: Organisation, public_id: str) -> Renewal | None:
    """One that the organisation has or pays for."""
    query = _renewals().where(_concerning(organisation), Product.public_id == public_id)
    row = db.session.execute(query).first()
    return Renewal(*row) if row else None


def subjects(notice: RenewalNotice) -> list[Renewal]:
    """What a notice is about at this moment: what was paid, ordered, ended or moved since is left out."""
    query = _renewals().where(
        _payer_id == notice.organisation_id,
        Product.renews_on == notice.renews_on,
        Product.auto_renew.is_(notice.kind is not Notice.REMINDER),
        ~_ORDERED,
    )
    return [Renewal(*row) for row in db.session.execute(query)]


def orders_under_way(renewals: Sequence[Renewal]) -> dict[int, Order]:
    """The unpaid orders that renew these products, by the products' ids."""
    rows = db.session.execute(
        sa.select(OrderLine.product_id, Order)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            OrderLine.product_id.in_([each.product.id for each in renewals]),
            OrderLine.claim.is_not(None),
            Order.paid_at.is_(None),
        )
    )
    return {row[0]: row[1] for row in rows if row[0] is not None}


# --- what it would cost -------------------------------------------------------------------------------------


def prices(organisation: Organisation, renewals: Sequence[Renewal]) -> dict[int, Money]:
    """What the organisation would be charged for these today, net, by the products' ids; others' prices are not
    its business (RULES M5). Two quotes at most: as holder and as partner."""
    mine = [each for each in renewals if each.payer.id == organisation.id]
    own = [each for each in mine if each.partnership is None]
    as_partner = [each for each in mine if each.partnership]
    return {
        line.wanted.product.id: line.net
        for some in (own, as_partner)
        if some
        for line in quoted(some).lines
        if line.wanted.product
    }


def quoted(renewals: Sequence[Renewal]) -> Quote:
    """What these would cost today, all paid for alike."""
    first = renewals[0]
    return quotes.quote(
        first.holder,
        [renewal_of(each.product) for each in renewals],
        side=renews_as(
            first.partnership.terms if first.partnership else None,
            paid_by_partner=first.partnership is not None,
        ),
        acting=first.partnership,
    )


def expected(renewals: Sequence[Renewal]) -> Money:
    """What will be charged for these, with VAT, one order for each holder (RULES M4)."""
    by_holder: dict[int, list[Renewal]] = defaultdict(list)
    for each in renewals:
        by_holder[each.holder.id].append(each)
    quotes = [quoted(some) for some in by_holder.values()]
    return sum((each.gross for each in quotes), Money(0, renewals[0].payer.currency))


def balance(payer: Organisation) -> Money:
    """What is on its prepaid account, in the currency that it pays in."""
    return ledger.balance(AccountKind.PREPAID, payer.id, currency=payer.currency)


def notice(notice_id: int) -> RenewalNotice | None:
    """The one that a mail is about."""
    return db.session.get(RenewalNotice, notice_id)
