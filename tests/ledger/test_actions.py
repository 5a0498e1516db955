"""Money moves once, whole, and never below zero: on both databases, also for two at once."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import make_organisation, make_user, make_withdrawal
from tests.ledger.story import CLEARING, REVENUE, VAT, book, booking, has, prepaid, rich
from tests.threads import at_once
from tests.times import NOW
from webapp.extensions import db
from webapp.i18n import tell
from webapp.ledger import actions, proofs, queries
from webapp.ledger.models import Entry, LedgerAccount, Transfer
from webapp.ledger.rules import AccountKind, Cause, KeyReused, NotEnough, Rate, Side, conversion
from webapp.money import Money
from webapp.unit import unit_of_work

RACES = 10
RATE = Rate("CHF", "EUR", 1_051_234, date(2026, 11, 20))


def number_of(table):
    return db.session.scalar(sa.select(sa.func.count()).select_from(table))


def test_what_leaves_one_account_reaches_the_other(app):
    """SECURITY L1, L2; RULES M11: each transfer has its cause, its subject and the version of the policy."""
    organisation = make_organisation()
    transfer = book(
        booking(
            CLEARING, prepaid(organisation), 12_345, cause=Cause.TRANSFER_ASSIGNED, subject="payments:3",
            reference="R-12", policy="2026-11+3f2a9c1d",
        )
    )[0]  # fmt: skip
    assert (transfer.cause, transfer.subject, transfer.reference) == (
        "transfer_assigned",
        "payments:3",
        "R-12",
    )
    assert (transfer.policy_version, transfer.at, transfer.money) == (
        "2026-11+3f2a9c1d", NOW, Money(12_345, "CHF"),
    )  # fmt: skip
    assert has(organisation) == 12_345
    assert queries.balance(AccountKind.CLEARING, currency="CHF") == Money(-12_345, "CHF")
    assert queries.balance(AccountKind.CLEARING, currency="EUR") == Money(0, "EUR")


def test_bookings_are_made_in_their_order_all_or_none(app):
    """SECURITY L5: money that comes first can be spent by what comes after it, and not the other way round."""
    organisation = make_organisation()
    into, out = booking(CLEARING, prepaid(organisation), 500), booking(prepaid(organisation), REVENUE, 500)
    with pytest.raises(NotEnough):
        book(out, into)
    assert number_of(Transfer) == number_of(Entry) == 0
    one, other = book(into, out)
    assert one.id < other.id and has(organisation) == 0
    assert actions.book([], now=NOW) == []


def test_a_refusal_that_is_caught_leaves_nothing_either(app):
    organisation = rich(100)

    @unit_of_work
    def pay_what_can_be_paid():
        with pytest.raises(NotEnough):
            book(booking(prepaid(organisation), REVENUE, 60), booking(prepaid(organisation), REVENUE, 60))
        book(booking(prepaid(organisation), REVENUE, 100))

    pay_what_can_be_paid()
    assert has(organisation) == 0 and number_of(Transfer) == 2


def test_a_prepaid_account_never_falls_below_zero(app):
    """SECURITY L5."""
    owner = make_user()
    organisation = rich(3_000, owner=owner)
    with pytest.raises(NotEnough) as refusal:
        book(booking(prepaid(organisation), REVENUE, 3_001))
    assert tell(refusal.value) == "There is not enough money on the prepaid account."
    make_withdrawal(organisation, owner, 3_000)
    with pytest.raises(NotEnough) as refusal:
        book(booking(Side(AccountKind.WITHDRAWALS, organisation.id), CLEARING, 3_001))
    assert tell(refusal.value) == "Less money than this waits to be paid out."
    assert has(organisation) == 0 and has(organisation, kind=AccountKind.WITHDRAWALS) == 3_000


def test_other_accounts_may_fall_below_zero(app):
    """What an organisation owes stands below zero."""
    organisation = make_organisation()
    owes = Side(AccountKind.RECEIVABLE, organisation.id)
    book(booking(owes, REVENUE, 1_000), booking(owes, VAT, 81))
    assert has(organisation, kind=AccountKind.RECEIVABLE) == -1_081
    assert queries.balance(AccountKind.VAT, currency="CHF").minor == 81


def test_a_unit_that_fails_books_nothing(app):
    organisation = make_organisation()

    @unit_of_work
    def fail():
        book(booking(CLEARING, prepaid(organisation), 5))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert number_of(Transfer) == number_of(LedgerAccount) == 0


# --- once ---------------------------------------------------------------------------------------------------


def test_the_same_key_and_body_answers_the_same_transfer(app):
    """SECURITY L4."""
    organisation = make_organisation()
    paid = booking(CLEARING, prepaid(organisation), 500, key="payment-1", reference="R-1")
    first = book(paid)
    assert book(paid, now=NOW + timedelta(days=1)) == first
    later = booking(
        CLEARING, prepaid(organisation), 500, key="payment-1", reference="R-1", policy="a newer one"
    )
    assert book(later) == first, "the policy of a later attempt does not matter"
    assert book(paid, paid) == [*first, *first]
    assert has(organisation) == 500 and number_of(Entry) == 2


def test_it_answers_also_when_there_is_nothing_left(app):
    """SECURITY L4: a payment that is told twice was paid once."""
    organisation = rich(500)
    spent = booking(prepaid(organisation), REVENUE, 500)
    assert book(spent) == book(spent) == book(spent, spent)[1:]


@pytest.mark.parametrize(
    "other",
    [
        {"minor": 501},
        {"currency": "EUR"},
        {"cause": Cause.CASHBACK_EARNED},
        {"subject": "tests:2"},
        {"reference": "R-2"},
        {"debit": VAT},
        {"credit": VAT},
    ],
)
def test_the_same_key_with_another_body_is_refused(app, other):
    """SECURITY L4."""
    row = {"debit": CLEARING, "credit": REVENUE, "minor": 500, "key": "payment-1", "reference": "R-1"}
    book(booking(**row))
    before = number_of(Entry)
    with pytest.raises(KeyReused):
        book(booking(CLEARING, VAT, 1), booking(**{**row, **other}))
    assert number_of(Entry) == before


def test_two_bodies_with_one_key_are_refused_within_one_call_too(app):
    """SECURITY L4."""
    with pytest.raises(KeyReused):
        book(booking(CLEARING, VAT, 1, key="k"), booking(CLEARING, VAT, 2, key="k"))
    assert number_of(Transfer) == 0


def test_a_payment_that_arrives_in_two_threads_is_booked_once(app):
    """SECURITY L4."""
    organisation = make_organisation()
    for race in range(RACES):
        paid = booking(CLEARING, prepaid(organisation), 100, key=f"payment-{race}")
        one, other = at_once(app, lambda paid=paid: book(paid)[0].id, lambda paid=paid: book(paid)[0].id)
        assert one == other
    assert has(organisation) == RACES * 100


def test_one_key_for_two_accounts_in_two_threads_moves_one(app):
    """SECURITY L4: also where neither waits for the other's accounts."""
    for race in range(RACES):
        a, b = make_organisation(), make_organisation()
        one = booking(CLEARING, prepaid(a), 100, key=f"key-{race}")
        other = booking(REVENUE, prepaid(b), 100, key=f"key-{race}")
        results = at_once(app, *(lambda each=each: book(each)[0].id for each in (one, other)))
        assert sum(isinstance(result, KeyReused) for result in results) == 1
        assert has(a) + has(b) == 100


# --- two at once --------------------------------------------------------------------------------------------


def test_two_who_spend_everything_at_once_spend_it_once(app):
    """SECURITY L5."""
    for race in range(RACES):
        organisation = rich(1_000)
        take = [booking(prepaid(organisation), REVENUE, 1_000) for _ in range(2)]
        results = at_once(app, *(lambda each=each: book(each) for each in take))
        assert sum(isinstance(result, NotEnough) for result in results) == 1, results
        assert has(organisation) == 0
        assert queries.balance(AccountKind.REVENUE, currency="CHF").minor == 1_000 * (race + 1)


def test_who_decides_by_a_balance_holds_the_account_first(app):
    """`hold`: nobody spends what somebody else has counted on."""
    organisation = rich(1_000)
    side = prepaid(organisation)

    @unit_of_work
    def take_half(key):
        half = actions.hold([side], "CHF", now=NOW)[side].minor // 2
        book(booking(side, REVENUE, half, key=key))
        return half

    halves = at_once(app, *(lambda key=f"h{n}": take_half(key) for n in range(4)))
    assert sorted(halves, reverse=True) == [500, 250, 125, 62]
    assert has(organisation) == 1_000 - sum(halves)


def test_an_account_that_two_need_first_is_made_once(app):
    organisation = make_organisation()
    side = prepaid(organisation)
    at_once(app, *(lambda minor=minor: book(booking(CLEARING, side, minor)) for minor in (1, 2, 4, 8)))
    assert has(organisation) == 15 and number_of(LedgerAccount) == 2


def test_money_that_crosses_gets_through_both_ways(app):
    """Accounts are locked in one order, whatever the direction."""
    one, other = rich(1_000), rich(1_000)
    there = [booking(prepaid(one), prepaid(other), 10) for _ in range(6)]
    back = [booking(prepaid(other), prepaid(one), 10) for _ in range(6)]
    results = at_once(
        app, *(lambda each=each: book(each) for pair in zip(there, back, strict=True) for each in pair)
    )
    assert not [result for result in results if isinstance(result, Exception)]
    assert has(one) == has(other) == 1_000


# --- time ---------------------------------------------------------------------------------------------------


def test_time_never_runs_back(app):
    """SECURITY L3, M7: a clock that is set back dates nothing before what was booked already."""
    organisation = rich()
    early = book(booking(prepaid(organisation), REVENUE, 1), now=NOW - timedelta(days=30))[0]
    assert early.at == NOW
    late = book(booking(prepaid(organisation), REVENUE, 1), now=NOW + timedelta(days=1))[0]
    again = book(booking(CLEARING, REVENUE, 1))[0]
    assert late.at == again.at == NOW + timedelta(days=1), "by either of its accounts"
    untouched = book(booking(CLEARING, prepaid(make_organisation()), 1, "EUR"))[0]
    assert untouched.at == NOW


# --- currencies ---------------------------------------------------------------------------------------------


def test_a_conversion_is_two_transfers_with_the_stored_rate(app):
    """SECURITY L6."""
    organisation = rich(10_000)
    values = {"key": "convert-1", "subject": "organisations:1", "reference": "", "policy": "test"}
    out, into = book(*conversion(prepaid(organisation), Money(2_000, "CHF"), RATE, **values))
    assert (out.money, into.money) == (Money(2_000, "CHF"), Money(2_102, "EUR"))
    assert {(each.rate, each.rate_on) for each in (out, into)} == {(1_051_234, date(2026, 11, 20))}
    assert has(organisation) == 8_000 and has(organisation, "EUR") == 2_102
    assert queries.balance(AccountKind.EXCHANGE, currency="CHF").minor == 2_000
    assert queries.balance(AccountKind.EXCHANGE, currency="EUR").minor == -2_102
    assert book(*conversion(prepaid(organisation), Money(2_000, "CHF"), RATE, **values)) == [out, into]
    dearer = Rate("CHF", "EUR", 1_051_233, RATE.day)
    with pytest.raises(KeyReused):
        book(*conversion(prepaid(organisation), Money(2_000, "CHF"), dearer, **values))
    with pytest.raises(NotEnough):
        book(*conversion(prepaid(organisation), Money(8_001, "CHF"), RATE, **{**values, "key": "c2"}))
    assert proofs.faults() == []


# --- whatever is booked -------------------------------------------------------------------------------------

TOLD_BY_ROWS = {"bank", "suspense", "withdrawals", "earnings", "payouts"}  # and proved against them
KINDS = [kind for kind in AccountKind if kind not in TOLD_BY_ROWS]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(0, 1),
        st.sampled_from(KINDS),
        st.integers(0, 1),
        st.integers(1, 500),
        st.sampled_from(["CHF", "EUR"]),
        st.integers(0, 15),  # of the key
        st.integers(-3, 3),  # hours
    ),
    max_size=25,
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=3))
def test_the_ledger_does_what_a_dictionary_would(app, calls):
    """SECURITY L1-L7: whatever is booked, by calls of several bookings, agrees with sums kept beside it."""
    owners = [make_organisation().id for _ in range(2)]
    start = {
        (kind, currency): queries.balance(kind, currency=currency).minor
        for kind in AccountKind
        if not kind.of_organisation
        for currency in ("CHF", "EUR")
    }
    sums = {(Side(kind), currency): minor for (kind, currency), minor in start.items()}
    booked = {}
    for steps in calls:
        bookings, then, known, floor, reused = [], dict(sums), dict(booked), False, False
        for debit, a, credit, b, minor, currency, key, _hours in steps:
            sides = [
                Side(kind, owners[n] if kind.of_organisation else None)
                for kind, n in ((debit, a), (credit, b))
            ]  # fmt: skip
            if sides[0] == sides[1]:
                continue
            each = booking(*sides, minor, currency, key=f"{owners[0]}:{key}")
            bookings.append(each)
            if floor or reused:
                continue
            if each.key in known:
                reused = known[each.key] != each
                continue
            known[each.key] = each
            for side, amount in ((sides[0], -minor), (sides[1], minor)):
                then[side, currency] = then.get((side, currency), 0) + amount
                floor |= side.kind.floored and then[side, currency] < 0
        hours = steps[0][-1] if steps else 0
        try:
            book(*bookings, now=NOW + timedelta(hours=hours))
            assert not (floor or reused)
            sums, booked = then, known
        except (NotEnough, KeyReused) as refusal:
            assert floor or reused
            assert isinstance(refusal, NotEnough) == floor
        for (side, currency), minor in sums.items():
            assert queries.balance(side.kind, side.organisation_id, currency=currency).minor == minor
    assert proofs.faults() == []
