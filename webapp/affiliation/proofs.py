"""What `flask ledger check` proves of commissions: each says what was booked for it, and what its order asks for.

Each by one statement over the whole database; only orders of which something was given back are read one by one.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from webapp.affiliation import rules
from webapp.affiliation.models import AffiliateAccount, Attribution, Commission
from webapp.extensions import db
from webapp.ledger import proofs
from webapp.ledger.models import Entry, LedgerAccount, Transfer
from webapp.ledger.rules import MILLION, AccountKind
from webapp.money import Money
from webapp.orders.models import Order

OF_COMMISSIONS = "commissions:"
PORTION = 500  # orders read at a time


def faults() -> list[str]:
    """What is wrong with commissions, looked at as a whole; nothing when all is well."""
    return [
        *proofs.told(_forgotten, "Order {number} of an affiliate's customer has no commission."),
        *proofs.told(_earned, "Affiliate {tag} has earned {total}, its account says {earned}."),
        *proofs.told(_booked, "What was booked for {subject} is off by {off} {currency}."),
        *proofs.told(_whole, "Commission {id} should be {due}, {booked} of it is booked."),
        *_given_back(),
        *proofs.told(_converted, "Commission {id}: {booked} are not {amount} by the stored rate."),
    ]


def _forgotten() -> proofs.Question:
    """RULES F2: each order of a customer that an affiliate won has its commission, if only to say why not."""
    return (
        sa.select(Order.number)
        .join(Attribution, Attribution.organisation_id == Order.holder_id)
        .outerjoin(Commission, Commission.order_id == Order.id)
        .where(Commission.id.is_(None), Order.placed_at >= Attribution.at)
        .order_by(Order.id)
        .limit(proofs.TOLD)
    )


def _earned() -> proofs.Question:
    """RULES F5: what decides an affiliate's rate is the sum of its commissions."""
    total = (
        sa.select(sa.func.coalesce(sa.func.sum(Commission.amount), 0))
        .where(Commission.account_id == AffiliateAccount.id)
        .correlate(AffiliateAccount)
        .scalar_subquery()
    )
    return (
        sa.select(AffiliateAccount.tag, AffiliateAccount.earned, total.label("total"))
        .where(AffiliateAccount.earned != total)
        .limit(proofs.TOLD)
    )


def _booked() -> proofs.Question:
    """Each commission's transfers leave its amount on the affiliate's account, and nothing in another currency."""
    says = (
        sa.select(
            sa.literal(OF_COMMISSIONS).concat(sa.cast(Commission.id, sa.String)).label("subject"),
            AffiliateAccount.organisation_id.label("organisation"),
            AffiliateAccount.currency.label("currency"), (-Commission.amount).label("amount"),
        )
        .join(AffiliateAccount, AffiliateAccount.id == Commission.account_id)
        .where(Commission.amount != 0)
    )  # fmt: skip
    moved = (
        sa.select(
            Transfer.subject, LedgerAccount.organisation_id, LedgerAccount.currency, Entry.amount
        )
        .join(Entry, Entry.transfer_id == Transfer.id)
        .join(LedgerAccount, LedgerAccount.id == Entry.account_id)
        .where(Transfer.subject.startswith(OF_COMMISSIONS), LedgerAccount.kind == AccountKind.EARNINGS)
    )  # fmt: skip
    both = sa.union_all(says, moved).subquery()
    return (
        sa.select(both.c.subject, both.c.currency, sa.func.sum(both.c.amount).label("off"))
        .group_by(both.c.subject, both.c.organisation, both.c.currency)
        .having(sa.func.sum(both.c.amount) != 0)
        .order_by(both.c.subject)
        .limit(proofs.TOLD)
    )


def _whole() -> proofs.Question:
    """RULES F5: a commission of an order of which nothing was given back is booked whole, or not at all yet."""
    known = sa.or_(Commission.exchange.is_not(None), Commission.currency == AffiliateAccount.currency)
    due = sa.case((sa.or_(Commission.reason.is_not(None), ~known), 0), else_=Commission.whole)
    return (
        sa.select(Commission.id, Commission.booked, due.label("due"))
        .join(AffiliateAccount, AffiliateAccount.id == Commission.account_id)
        .join(Order, Order.id == Commission.order_id)
        .where(Order.credited == 0, Commission.booked != due)
        .order_by(Commission.id)
        .limit(proofs.TOLD)
    )


def _given_back() -> list[str]:
    """RULES F6: of one whose order was given back in part, the part that is left."""
    found = db.session.scalars(
        sa.select(Commission)
        .join(Commission.order)
        .where(Order.credited > 0, Commission.reason.is_(None))
        .options(joinedload(Commission.account), joinedload(Commission.order).selectinload(Order.lines))
        .execution_options(yield_per=PORTION)
    )
    wrong = []
    for commission in found:
        credited = sum(
            line.credited for line in commission.order.lines
            if line.position in commission.counted["positions"]
        )  # fmt: skip
        left = rules.left_of(
            Money(commission.whole, commission.currency), credited=credited, base=commission.base
        )
        waits = commission.foreign and commission.exchange is None
        if commission.booked != (0 if waits else left.minor):
            wrong.append(f"Commission {commission.id} should be {left.minor}, {commission.booked} is booked.")
    return wrong[: proofs.TOLD]


def _converted() -> proofs.Question:
    """RULES F9: the amount is what is booked, in the affiliate's currency, by the stored rate."""
    turned = (2 * Commission.booked * Commission.exchange + MILLION) // (2 * MILLION)
    return (
        sa.select(Commission.id, Commission.booked, Commission.amount)
        .where(
            sa.or_(
                sa.and_(Commission.exchange.is_(None), Commission.amount != Commission.booked),
                sa.and_(Commission.exchange.is_not(None), Commission.amount != turned),
            )
        )
        .order_by(Commission.id)
        .limit(proofs.TOLD)
    )


proofs.register("affiliation", faults)
