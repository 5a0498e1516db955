"""What happens to renewals: wishes are saved, payers are reminded, and products renew by themselves (RULES M8).

The jobs go through plain rows; each notice and each order is a unit of its own, so that one that fails stops no
other, and what a crash cut off is done by the next run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

from webapp import audit, clock, mailer
from webapp.accounts.models import Organisation, User
from webapp.extensions import db
from webapp.ledger.rules import NotEnough
from webapp.orders import actions as orders
from webapp.orders import checks, quotes
from webapp.orders import queries as order_queries
from webapp.orders.models import NoticeSettings, Order
from webapp.orders.quotes import renewal_of
from webapp.orders.rules import Method, NotRenewable, RenewedAlready, renews_as
from webapp.products import actions as products
from webapp.products.models import Product
from webapp.programme import programme
from webapp.renewals import mail as _mail  # noqa: F401 # registers the mails
from webapp.renewals import queries, rules
from webapp.renewals.models import RenewalNotice
from webapp.renewals.rules import CannotPay, Due, Notice, Wishes
from webapp.unit import insert_into, lock, unit_of_work

log = logging.getLogger(__name__)

EXPECTED = (CannotPay, NotEnough, NotRenewable, RenewedAlready)  # no mistakes


# --- what people decide -------------------------------------------------------------------------------------


@unit_of_work
def save_wishes(organisation: Organisation, wishes: Wishes, *, by: User, now: datetime) -> None:
    """Which mails the organisation wants from now on (RULES M8). Raises NoLongerOrdering."""
    lock(organisation)
    checks.refuse_others(organisation, by)
    row = order_queries.notices_of(organisation)
    if row is None:
        row = NoticeSettings(organisation_id=organisation.id)
        db.session.add(row)
    row.reminders, row.reminder_days = wishes.reminders, frozenset(map(str, wishes.days))
    row.automatic_reminder, row.automatic_done = wishes.automatic_reminder, wishes.automatic_done
    row.invoice_issued = wishes.invoice_issued
    audit.record("notices.changed", organisation, by=by, now=now, organisation=organisation)


@unit_of_work
def set_automatic(
    organisation: Organisation, product: Product, automatic: bool, *, by: User, now: datetime
) -> None:
    """Whether a product that the organisation has or pays for renews by itself (RULES M8).

    Raises NoLongerOrdering, NotPaidFor, ProductEnded.
    """
    for each in sorted({organisation, product.organisation}, key=lambda one: one.id):
        lock(each)
    checks.refuse_others(organisation, by)
    if queries.renewal(organisation, lock(product).public_id) is None:
        raise rules.NotPaidFor()
    products.set_automatic(product, automatic, by=by, now=now)


# --- by the clock: notices ----------------------------------------------------------------------------------


def remind(*, now: datetime) -> int:
    """Tells payers what has to be renewed soon, and what will renew by itself; to how many (RULES M8).

    Each notice goes out once; after a pause the newest interval alone.
    """
    today, policy = clock.day_of(now), programme().renewals
    ahead = max((*policy.reminder_choices, policy.automatic_reminder_days))
    told, done = queries.told(today), 0
    for each in queries.upcoming(today, today + timedelta(days=ahead)):
        days = rules.interval_due(
            (each.renews_on - today).days,
            each.wishes.intervals(each.notice, automatic_days=policy.automatic_reminder_days),
            told.get((each.organisation_id, each.notice, each.renews_on), ()),
            until=policy.days_before + 1 if each.automatic else 0,
        )
        if days is not None:
            about = (each.organisation_id, each.notice, each.renews_on, days)
            done += _safely(partial(_tell, *about, now=now), f"the notice {about}")
    return done


@unit_of_work
def _tell(organisation_id: int, kind: Notice, renews_on: date, days: int, *, now: datetime) -> bool:
    """Queues the notice to whoever sees the organisation's money, unless it went out before."""
    notice = db.session.scalar(
        insert_into(RenewalNotice)
        .values(organisation_id=organisation_id, kind=kind, renews_on=renews_on, days=days, told_at=now)
        .on_conflict_do_nothing()
        .returning(RenewalNotice)
    )
    if notice is None:
        return False
    for person in order_queries.money_people(notice.organisation):
        mailer.queue(_MAILS[kind], person, notice, now=now)
    return True


_MAILS = {
    Notice.REMINDER: "renewal_reminder",
    Notice.AUTOMATIC: "automatic_reminder",
    Notice.FAILED: "automatic_failed",
}


def _safely(act: Callable[[], bool], what: str) -> bool:
    """Does it. What is refused is the caller's; a mistake of ours in one must not stop the others."""
    try:
        return act()
    except EXPECTED:
        raise
    except Exception:
        log.exception(
            "%s failed: nothing of it was written, and it is tried again within the hour. If that goes on, "
            "look at the trace below; the others were not held up.",
            what,
        )
        return False


# --- by the clock: orders -----------------------------------------------------------------------------------


def renew(*, now: datetime) -> int:
    """Orders what renews by itself and is due; how many orders (RULES M8).

    Products of one holder, payer and day are one order; when that is refused, each goes by itself. What is overdue
    is renewed period by period until its date lies ahead.
    """
    until = clock.day_of(now) + timedelta(days=programme().renewals.days_before)
    tried: set[Due] = set()
    done = 0
    while fresh := [each for each in queries.due(until) if each not in tried]:
        tried.update(fresh)
        for batch in rules.batches(fresh):
            try:
                done += order_batch(batch, now=now) is not None
            except Exception as error:
                log.info("a renewal of %s products goes one by one: %r", len(batch), error)
                done += sum(_renew_one(each, now=now) for each in batch)
    return done


def _renew_one(each: Due, *, now: datetime) -> bool:
    """Orders one renewal; tells its payer, once, when there is no way to pay for it."""
    what = f"the renewal of product {each.product_id} of organisation {each.holder_id}, due {each.renews_on},"
    try:
        return _safely(lambda: order_batch((each,), now=now) is not None, what)
    except CannotPay:
        _safely(partial(_tell, each.payer_id, Notice.FAILED, each.renews_on, 0, now=now), what)
    except (NotRenewable, RenewedAlready, NotEnough):
        pass  # somebody was quicker, or spent the money at this moment: the next run sees what is left to do
    return False


@unit_of_work
def order_batch(batch: tuple[Due, ...], *, now: datetime) -> Order | None:
    """One order that renews these, as far as they are still due as they were seen; None when none is.

    From the prepaid account when that suffices, else by invoice. Raises CannotPay, and what `orders.place` refuses.
    """
    first = batch[0]
    for organisation_id in sorted({first.holder_id, first.payer_id}):
        lock(queries.organisation(organisation_id))
    acting = lock(queries.partnership(first.partnership_id)) if first.partnership_id else None
    known = {each.id: lock(each) for each in queries.products([each.product_id for each in batch])}
    still = [each for each in queries.automatic(known) if each in batch]
    if not still:
        return None
    holder = queries.organisation(first.holder_id)
    side = renews_as(acting.terms if acting else None, paid_by_partner=acting is not None)
    wanted = [renewal_of(known[each.product_id]) for each in still]
    quote = quotes.quote(holder, wanted, side=side, acting=acting)
    method = rules.paying(
        quote.gross, queries.balance(quote.payer), order_queries.methods(quote.payer.currency)
    )
    order = orders.place(holder, wanted, side=side, acting=acting, method=method, by=None, now=now)
    if method is Method.PREPAID and queries.wishes_of(order.payer).automatic_done:
        for person in order_queries.money_people(order.payer):
            mailer.queue("automatic_done", person, order, now=now)
    return order
