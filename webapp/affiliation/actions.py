"""Every change to affiliates, to whom they won, and to what that brings.

What a commission comes to is worked out from what happened to its order, not from the order in which it happened
(SECURITY M2): `follow` hears of each change of an order, in its transaction, and books the difference.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from webapp import audit, clock, mailer
from webapp.accounts.models import Organisation, User
from webapp.affiliation import mail as _mail  # noqa: F401 # registers the mails
from webapp.affiliation import queries, rules
from webapp.affiliation.models import AffiliateAccount, AffiliateLink, Attribution, Click, Commission
from webapp.affiliation.rules import Noted, Reason, Sign, Verdict
from webapp.database import new_public_id
from webapp.extensions import db
from webapp.ledger import actions as ledger
from webapp.ledger.rules import AccountKind, Booking, Cause, conversion, taken_back
from webapp.ledger.rules import Side as Account
from webapp.limits import network
from webapp.money import Money
from webapp.orders import queries as orders
from webapp.orders.models import Order
from webapp.programme import Affiliation, programme
from webapp.rates import queries as exchange
from webapp.unit import insert_into, lock, rows_changed, take_turns, unit_of_work
from webapp.visits import Visit, network_hash

COMMISSIONS = Account(AccountKind.COMMISSIONS)
PORTION = 200  # commissions settled in one transaction
FORGOTTEN_AT_ONCE = 500  # clicks deleted in one transaction
FREE_MAIL = frozenset((
    "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "yahoo.com", "icloud.com", "me.com",
    "gmx.ch", "gmx.de", "gmx.at", "gmx.net", "web.de", "t-online.de", "bluewin.ch", "hispeed.ch", "sunrise.ch",
    "proton.me", "protonmail.com", "orange.fr", "free.fr", "laposte.net", "wanadoo.fr", "sfr.fr", "aol.com",
    "mailbox.org", "posteo.de", "infomaniak.ch", "ik.me", "etik.com",
))  # fmt: skip


# --- joining ------------------------------------------------------------------------------------------------


@unit_of_work
def join(organisation: Organisation, *, by: User, now: datetime) -> AffiliateAccount:
    """The organisation recommends from now on; who did so before gets its tag and balance back (RULES A3, F1).

    Raises MayNotJoin for a partner and for who asked to become one.
    """
    lock(organisation)
    known = queries.account_of(organisation)
    if organisation.programme == "affiliate" and known:
        return known
    if queries.obstacle(organisation):
        raise rules.MayNotJoin()
    account = known or _open(organisation, now=now)
    account.closed_at, account.policy_version = None, programme().version
    organisation.programme = "affiliate"
    audit.record("affiliate.joined", account, by=by, now=now, organisation=organisation)
    return account


def _open(organisation: Organisation, *, now: datetime) -> AffiliateAccount:
    while True:  # a tag is taken once in a billion times
        account = AffiliateAccount(
            organisation=organisation, tag=rules.new_tag(), currency=organisation.currency, joined_at=now,
            policy_version=programme().version, earned=0, moves=0, tier=0,
        )  # fmt: skip
        try:
            with db.session.begin_nested():
                db.session.add(account)
        except IntegrityError:
            continue
        db.session.add(AffiliateLink(account=account, path="/", created_at=now))
        return account


@unit_of_work
def close(account: AffiliateAccount, *, by: User, now: datetime) -> None:
    """No click and no order counts any more; what was earned is paid out as before (RULES A3, F8)."""
    lock(account.organisation)
    lock(account)
    if account.closed_at:
        raise rules.NoAffiliate()
    account.closed_at = now
    account.organisation.programme = None
    audit.record("affiliate.closed", account, by=by, now=now, organisation=account.organisation)


# --- links and clicks ---------------------------------------------------------------------------------------


@unit_of_work
def save_link(account: AffiliateAccount, path: str, label: str, *, by: User, now: datetime) -> AffiliateLink:
    """A page whose clicks are counted apart. Raises NoAffiliate, LinkKept, TooManyLinks."""
    if lock(account).closed_at:
        raise rules.NoAffiliate()
    known = queries.paths_of([account.id])[account.id]
    if path in known:
        raise rules.LinkKept()
    if len(known.keys() - {""}) >= rules.LINKS_MOST:
        raise rules.TooManyLinks()
    link = AffiliateLink(account=account, path=path, label=label, created_at=now)
    db.session.add(link)
    db.session.flush()
    audit.record("affiliate.link_saved", link, by=by, now=now, organisation=account.organisation)
    return link


@unit_of_work
def remove_link(link: AffiliateLink, *, by: User, now: datetime) -> None:
    """What it brought goes on being counted, among all other pages."""
    account = lock(link.account)
    clicks = lock(link).clicks
    rest = _other_pages([account.id], now=now)[account.id][""]
    for table in (Click, Attribution):
        db.session.execute(sa.update(table).where(table.link_id == link.id).values(link_id=rest))
    db.session.execute(_counted(rest, clicks))
    audit.record("affiliate.link_removed", link, by=by, now=now, organisation=account.organisation)
    db.session.delete(link)
    db.session.flush()


def _other_pages(account_ids: list[int], *, now: datetime) -> dict[int, dict[str, int]]:
    """The links of these affiliates, each with the one that stands for all other pages."""
    links = queries.paths_of(account_ids)
    new = [
        {"public_id": new_public_id(), "account_id": account_id, "path": "", "label": "", "created_at": now}
        for account_id in account_ids
        if "" not in links[account_id]
    ]
    if not new:
        return links
    db.session.execute(insert_into(AffiliateLink).on_conflict_do_nothing(), new)
    return queries.paths_of(account_ids)


def _counted(link_id: int, clicks: int) -> sa.Update:
    return (
        sa.update(AffiliateLink)
        .where(AffiliateLink.id == link_id)
        .values(clicks=AffiliateLink.clicks + clicks)
        .execution_options(synchronize_session=False)
    )


@unit_of_work
def write_clicks(noted: list[Noted], *, now: datetime) -> int:
    """Rows for clicks that were noted, as far as they count, and each link's number; how many rows (RULES F1)."""
    take_turns("clicks")
    hashes = {network: network_hash(network) for network in {click.network for click in noted}}
    pairs = {(click.account_id, hashed) for click in noted if (hashed := hashes[click.network])}
    counted = queries.clicks_from(pairs, since=now - rules.CLICKS_SPAN)
    kept = rules.within_limits(noted, hashes, counted)
    links = _other_pages(sorted({click.account_id for click in kept}), now=now)
    followed = {click: rules.link_followed(click.path, links[click.account_id]) for click in kept}
    rows = [
        {
            "public_id": click.public_id, "account_id": click.account_id, "at": click.at, "link_id": link_id,
            "network_hash": hashes[click.network],
        }
        for click, link_id in followed.items()
    ]  # fmt: skip
    if rows:
        db.session.execute(insert_into(Click).on_conflict_do_nothing(index_elements=["public_id"]), rows)
    for link_id, clicks in sorted(Counter(followed.values()).items()):
        db.session.execute(_counted(link_id, clicks))
    return len(rows)


def forget_clicks(*, now: datetime) -> int:
    """Once a click counts no more, its network is forgotten, and the click too if it won nobody; how many."""
    before, forgotten = queries.window(now, programme().affiliation.click_days), 0
    while n := _forget_some(before, now=now):
        forgotten += n
    _forget_networks(before, now=now)
    return forgotten


@unit_of_work
def _forget_some(before: datetime, *, now: datetime) -> int:
    old = queries.old_clicks(before=before, most=FORGOTTEN_AT_ONCE)
    return rows_changed(sa.delete(Click).where(Click.id.in_(old))) if old else 0


@unit_of_work
def _forget_networks(before: datetime, *, now: datetime) -> None:
    for table in (Click, Attribution):
        db.session.execute(
            sa.update(table)
            .where(table.at < before, table.network_hash.is_not(None))
            .values(network_hash=None)
        )


# --- winning a customer -------------------------------------------------------------------------------------


@unit_of_work
def attribute(organisation: Organisation, *, person: User, visit: Visit | None, now: datetime) -> None:
    """The new organisation was won by whose link was followed last, or whose code was typed (RULES F2)."""
    terms = programme().affiliation
    if visit is None or not rules.click_counts(visit.at, now=now, days=terms.click_days):
        return
    account = queries.open_account(visit.tag)
    if account is None or lock(account).closed_at:
        return
    click = _click(visit, account) if visit.click else None
    if visit.click and click is None:
        return
    signs = _signs(organisation, person, visit, account, now=now)
    attribution = insert_into(Attribution).values(
        organisation_id=organisation.id, account_id=account.id, click_id=click and click.id,
        link_id=click and click.link_id, at=now,
        pays_until=clock.day_of(now) + timedelta(days=terms.commission_days),
        network_hash=network_hash(visit.network), signs=signs, verdict=rules.verdict(signs), note="",
        public_id=new_public_id(),
    )  # fmt: skip
    # of two sign-ups that race for one click, one wins; the other one was nobody's
    won = db.session.scalar(attribution.on_conflict_do_nothing().returning(Attribution.id))
    if won:
        audit.record("affiliate.won", db.session.get_one(Attribution, won), by=person, now=now,
                     organisation=account.organisation)  # fmt: skip


def _click(visit: Visit, account: AffiliateAccount) -> Click | None:
    """The click's row, made now if it was not written yet; None when it is another affiliate's."""
    assert visit.click is not None
    links = _other_pages([account.id], now=visit.at)[account.id]
    db.session.execute(
        insert_into(Click)
        .values(
            public_id=visit.click, account_id=account.id, at=visit.at,
            link_id=rules.link_followed(visit.path, links), network_hash=network_hash(visit.network),
        )
        .on_conflict_do_nothing(index_elements=["public_id"])
    )  # fmt: skip
    click = queries.click_by_public_id(visit.click)
    return click if click and click.account_id == account.id else None


def _signs(
    organisation: Organisation, person: User, visit: Visit, account: AffiliateAccount, *, now: datetime
) -> frozenset[Sign]:
    """What makes this sign-up look like the affiliate's own."""
    affiliate, since = account.organisation, queries.window(now, programme().affiliation.click_days)
    hashed = network_hash(visit.network)
    domain = person.email.rpartition("@")[2]
    domains = {email.rpartition("@")[2] for email in queries.emails_of(affiliate.id)} - FREE_MAIL
    found = {
        Sign.SAME_NUMBER: _same_business(organisation, affiliate),
        Sign.SAME_PLACE: _place(organisation) == _place(affiliate),
        Sign.SAME_NETWORK: network(visit.network) in queries.networks_of(affiliate.id, since=since),
        Sign.SAME_DOMAIN: domain in domains,
        Sign.MANY: hashed is not None
        and queries.sign_ups_from(account, hashed, since=since) >= rules.SAME_NETWORK_MOST,
        Sign.FAST: visit.click is not None and now - visit.at < timedelta(seconds=rules.HUMAN_SECONDS),
    }  # fmt: skip
    return frozenset(sign for sign, there in found.items() if there)


def _same_business(one: Organisation, other: Organisation) -> bool:
    """Whether a register or VAT number of both is the same."""
    mine, theirs = (
        {rules.core_of(each.register_number), rules.core_of(each.vat_number)} for each in (one, other)
    )
    return bool(mine & theirs - {""})


def _place(organisation: Organisation) -> tuple[str, str, str]:
    street = "".join(sign for sign in organisation.street.casefold() if sign.isalnum())
    return street, organisation.postcode.casefold(), organisation.country


@unit_of_work
def review(attribution: Attribution, verdict: Verdict, *, note: str, by: User, now: datetime) -> None:
    """The desk allows or refuses a customer; its orders follow. Raises AlreadyReviewed."""
    account = lock(attribution.account)
    lock(attribution)
    if attribution.verdict is verdict:
        raise rules.AlreadyReviewed()
    attribution.verdict, attribution.note = verdict, note
    attribution.reviewed_at, attribution.reviewed_by = now, by
    for commission in queries.commissions_of(attribution):
        if verdict is Verdict.REFUSED:
            commission.reason = commission.reason or Reason.REFUSED
        elif commission.reason is Reason.REFUSED:
            commission.reason = commission.confirms_on = None  # payouts may have been made without it
        _settle(commission, now=now)
    audit.record("affiliate.reviewed", attribution, by=by, now=now, organisation=account.organisation,
                 detail=f"verdict={verdict}")  # fmt: skip


# --- commissions --------------------------------------------------------------------------------------------


@unit_of_work
def follow(order: Order, *, now: datetime) -> None:
    """An order was placed, paid or given back: its affiliate's commission follows (RULES F3–F6)."""
    attribution = queries.attribution_of(order.holder_id)
    if attribution is None:
        return
    account = lock(attribution.account)
    commission = queries.commission_of(order)
    if commission is None:
        commission = _note(order, lock(attribution), account)
    _settle(commission, now=now)


def _note(order: Order, attribution: Attribution, account: AffiliateAccount) -> Commission:
    terms = programme().affiliation
    attribution.first_order_at = attribution.first_order_at or order.placed_at
    counted = [
        line for line in order.lines
        if line.plan.affiliates and not terms.excludes(line.family, line.plan_code)
    ]  # fmt: skip
    base = order.money(sum(line.net for line in counted))
    ordered = _ordered(order, attribution, account, counted=bool(counted))
    reason = rules.why_not(ordered, first_order=timedelta(hours=terms.first_order_hours))
    earned = queries.counted(account)
    rate = rules.rate_at(earned, terms.tiers)
    commission = Commission(
        order=order, account=account, attribution=attribution, placed_at=order.placed_at, reason=reason,
        counted={"positions": [line.position for line in counted]}, currency=order.currency,
        base=base.minor, excluded=order.net - base.minor, rate=rate, earned_before=earned.minor,
        whole=rules.whole_commission(base, rate).minor, booked=0, amount=0, moves=0,
        waits_until=rules.last_waiting_day(ordered.on, terms.pending_days), policy_version=programme().version,
    )  # fmt: skip
    db.session.add(commission)
    db.session.flush()
    return commission


def _ordered(
    order: Order, attribution: Attribution, account: AffiliateAccount, *, counted: bool
) -> rules.Ordered:
    customer, affiliate = order.holder, account.organisation_id
    since = queries.window(order.placed_at, programme().affiliation.click_days)
    seen = queries.network_of(order.by, since=since) if order.by else ""
    assert attribution.first_order_at is not None
    # what was known at the sign-up was refused then, and the desk may have forgiven it
    same_number = Sign.SAME_NUMBER not in attribution.signs and _same_business(customer, account.organisation)
    return rules.Ordered(
        on=clock.day_of(order.placed_at), pays_until=attribution.pays_until,
        after_sign_up=attribution.first_order_at - attribution.at,
        by_colleague=same_number
        or queries.share_people(customer.id, affiliate)
        or bool(order.by and queries.belongs_to(order.by, affiliate)),
        same_network=bool(seen) and seen in queries.networks_of(affiliate, since=since),
        managed=order.partnership_id is not None or queries.is_managed(customer),
        closed=account.closed_at is not None, refused=attribution.verdict is Verdict.REFUSED, counted=counted,
    )  # fmt: skip


def _settle(commission: Commission, *, now: datetime) -> None:
    """Books the difference between what the commission should be and what is booked. Its account is locked."""
    account = commission.account
    if commission.foreign and commission.exchange is None:
        rate = exchange.rate_on(commission.currency, account.currency, clock.day_of(commission.placed_at))
        if rate:
            commission.exchange, commission.exchange_on = rate.millionths, rate.day
    due = _due(commission)
    if due is not None and due.minor != commission.booked:
        before = commission.amount
        _book(commission, due, now=now)
        account.earned += commission.amount - before
        account.moves += 1
    if due is not None and due.minor == 0 and commission.whole and not commission.reason:
        commission.cancelled_at = commission.cancelled_at or now
    if commission.confirms_on is None and due is not None and not commission.reason:
        _confirm(commission, now=now)
    db.session.flush()
    _tell_of_tier(account, now=now)


def _due(commission: Commission) -> Money | None:
    """What is left of it, in the order's currency; None as long as its rate of exchange is not known."""
    if commission.reason:
        return Money(0, commission.currency)
    if commission.foreign and commission.exchange is None:
        return None
    positions = commission.counted["positions"]
    credited = sum(line.credited for line in commission.order.lines if line.position in positions)
    whole = Money(commission.whole, commission.currency)
    return rules.left_of(whole, credited=credited, base=commission.base)


def _confirm(commission: Commission, *, now: datetime) -> None:
    """Notes from which day on it is confirmed, once nothing is unknown any more; never a day already paid for."""
    order = commission.order
    if order.paid_at is None or queries.is_held(commission):
        return
    waited = commission.waits_until + timedelta(days=1)
    days = [waited, clock.day_of(order.paid_at), commission.account.paid_until or waited]
    if commission.attribution.reviewed_at:
        days.append(clock.day_of(commission.attribution.reviewed_at))
    if commission.exchange_on and clock.day_of(now) > waited:  # the rate came late
        days.append(clock.day_of(now))
    commission.confirms_on = max(days)


def _book(commission: Commission, due: Money, *, now: datetime) -> None:
    """Moves the affiliate's account by the difference; what was converted is turned back whole and made anew."""
    commission.moves += 1
    rate = commission.rate_of_exchange
    key = f"commission:{commission.id}:{commission.moves}"
    if rate is None:
        ledger.book(_moved(commission, due.minor - commission.booked, key), now=now)
        commission.amount = due.minor
    else:
        back = _converted(commission, commission.booked, key)
        bookings = [
            *reversed(taken_back(back, key=f"{key}:back")),
            *_moved(commission, due.minor - commission.booked, key),
            *_converted(commission, due.minor, key),
        ]
        ledger.book(bookings, now=now)
        commission.amount = rate.convert(due).minor
    commission.booked = due.minor


def _moved(commission: Commission, difference: int, key: str) -> list[Booking]:
    amount, earnings = Money(abs(difference), commission.currency), _earnings(commission)
    if difference > 0:
        sides, cause = (COMMISSIONS, earnings), Cause.COMMISSION_EARNED
    else:
        sides, cause = (earnings, COMMISSIONS), Cause.COMMISSION_REDUCED
    return [Booking(*sides, amount, cause, key, *_about(commission))]


def _converted(commission: Commission, minor: int, key: str) -> list[Booking]:
    """The amount of the order's currency as the affiliate's; nothing where it comes to nothing."""
    rate, amount = commission.rate_of_exchange, Money(minor, commission.currency)
    if rate is None or rate.convert(amount).minor == 0:
        return []
    subject, reference, policy = _about(commission)
    return conversion(
        _earnings(commission), amount, rate, key=key, subject=subject, reference=reference, policy=policy
    )


def _earnings(commission: Commission) -> Account:
    return Account(AccountKind.EARNINGS, commission.account.organisation_id)


def _about(commission: Commission) -> tuple[str, str, str]:
    return f"commissions:{commission.id}", commission.order.number, programme().version


def _tell_of_tier(account: AffiliateAccount, *, now: datetime) -> None:
    """A mail when the affiliate reaches a rate for the first time (RULES F5)."""
    rate = rules.rate_at(queries.counted(account), programme().affiliation.tiers)
    if rate <= account.tier:
        return
    first, account.tier = account.tier == 0 and rate == _lowest(programme().affiliation), rate
    if not first:
        for person in orders.money_people(account.organisation):
            mailer.queue("tier_reached", person, account, now=now)


def _lowest(terms: Affiliation) -> int:
    return terms.rates[0]


@unit_of_work
def settle_waiting(_rates: object = None, *, now: datetime) -> int:
    """Commissions that waited for a rate of exchange, as far as it is known now (RULES F9); how many."""
    settled, after = 0, 0
    while ids := queries.without_rate(after=after, most=PORTION):
        settled += _settle_each(ids, now=now)
        after = ids[-1]
    return settled


@unit_of_work
def _settle_each(ids: list[int], *, now: datetime) -> int:
    settled = 0
    for commission_id in ids:
        commission = queries.commission(commission_id)
        assert commission is not None
        lock(commission.account)
        _settle(lock(commission), now=now)
        settled += commission.exchange is not None
    return settled
