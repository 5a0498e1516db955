"""Every mail as mail programs draw it: wide and narrow, in light and dark (UX 7, M1)."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.browser import checks
from tests.browser.stage import typed_call
from tests.cast import stock
from tests.factories import (
    join,
    make_order,
    make_organisation,
    make_partner,
    make_partnership,
    make_plan,
    make_prepaid,
    make_recipient,
    make_tender,
    make_user,
    make_withdrawal,
)
from tests.invitations.story import FULL, LIMITED, TECHNICAL, asked, invited
from tests.orders.story import cancelled, new, refund
from tests.payments.story import imported, incoming
from tests.payouts.story import IBAN, affiliate, earn, owner_of, to
from tests.payouts.story import payouts as paid
from tests.post import html_of, text_of
from tests.renewals.story import IN_A_WEEK, IN_TWO_WEEKS, by_hand, product
from webapp import drafts, links
from webapp.accounts import actions as accounts
from webapp.accounts import passwords
from webapp.accounts.rules import Kind, OrganisationDetails, Role
from webapp.clients import actions as clients
from webapp.directory import actions as directory
from webapp.directory.rules import SuspensionReason
from webapp.extensions import db
from webapp.inbox import actions as inbox
from webapp.inbox import queries as inbox_of
from webapp.invitations import actions as invitations
from webapp.mailer import KINDS, QueuedMail
from webapp.organisations import actions as organisations
from webapp.organisations.models import ColleagueInvitation
from webapp.partnerships import actions as partnerships
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Side
from webapp.payments import actions as payments
from webapp.payments.queries import top_up_reference
from webapp.payouts import actions as payouts
from webapp.payouts.rules import Kind as PayoutKind
from webapp.renewals import actions as renewals
from webapp.revenue import actions as revenue
from webapp.tenders import actions as tenders

HASH = "not a hash"


def company(name: str) -> OrganisationDetails:
    return OrganisationDetails(
        kind=Kind.COMPANY, name=name, street="Seeweg 2", postcode="6300", city="Zug", country="CH",
        register_number=None, vat_number=None,
    )  # fmt: skip


def people(cast, now, outbox) -> None:
    """Accounts: every mail once."""
    for _twice in range(2):
        accounts.sign_up(
            company("Neuhaus AG"), name="Nora Neuhaus", email="nora@neuhaus.example", password_hash=HASH,
            language="fr", now=now,
        )  # fmt: skip
    accounts.sign_up(
        company("Lumen"), name="Nadia", email=cast.nadia.email, password_hash=HASH, language="fr", now=now
    )
    accounts.request_reset(cast.nadia.email, now=now)
    _token, session = accounts.sign_in(
        cast.hugo, seen_hash=cast.hugo.password_hash, kept=False, browser="", address="", now=now
    )
    accounts.change_password(
        cast.hugo, seen_hash=cast.hugo.password_hash,
        password_hash=passwords.hash_password("one two three four"), but=session, by=cast.hugo, now=now,
    )  # fmt: skip
    organisations.invite(
        cast.lumiere, email=cast.stefan.email, role=Role.COLLABORATOR, language="fr", by=cast.pierre, now=now
    )
    outbox.deliver()
    invitation = db.session.query(ColleagueInvitation).filter_by(email=cast.stefan.email).one()
    organisations.accept_invitation(links.live("colleague", invitation.id), by=cast.stefan, now=now)


def applications(cast, now, outbox) -> None:
    """Two companies apply; one is approved."""
    for name, approved in (("Eins GmbH", True), ("Zwei GmbH", False)):
        owner = make_user(f"Petra {name}", language="de")
        application = directory.apply(
            make_organisation(name, owner=owner), website="https://www.example.com",
            about="We look after forty shops.", by=owner, now=now,
        )  # fmt: skip
        outbox.deliver()
        if approved:
            directory.approve(application, by=cast.olga, now=now)
        else:
            directory.reject(
                application, reason="Your website can’t be reached.\nWrite to us.", by=cast.olga, now=now
            )


def call(cast, now, **values):
    """An open call that Pierre and Berta have opened and answered."""
    tender = make_tender(confirmed_at=now, **values)
    for partner, person in ((cast.lumiere_partner, cast.pierre), (cast.bergwerk_partner, cast.berta)):
        inbox.open_contact(make_recipient(tender, partner), by=person, now=now)
        inbox.make_offer(
            inbox_of.received(partner, tender.public_id),
            inbox.Terms(750_000, 990_000, "CHF", "We can start soon.", "en", now + timedelta(days=90)),
            by=person, now=now,
        )  # fmt: skip
    return tender


def entrusted(cast, now, outbox) -> None:
    """Partnerships: asked for, invited to, answered, changed, ended."""
    goods = stock(cast.lumen)
    join(make_user("Rita Recht", language="fr"), cast.lumen, Role.LEGAL_REPRESENTATIVE)
    request = asked(cast, now=now, message="Wir haben am Montag telefoniert.")
    invited(cast, goods.shop, partner="bergwerk", now=now)  # nobody answers this one
    deleted = invited(cast, goods.site, goods.post, message="Welcome.\nLet us begin.", now=now)
    outbox.deliver()
    invitations.delete(deleted, by=cast.nadia, now=now)
    refused = invited(cast, goods.site, now=now)
    invitations.refuse(refused, reason="Pas le temps.", by=cast.pierre, now=now)
    refused = asked(cast, cast.stefan.email, now=now)
    invitations.refuse(refused, reason="No, thank you.", by=cast.stefan, now=now)
    granted = invitations.grant(
        request, cast.lumen, LIMITED, {goods.site.id: TECHNICAL}, by=cast.nadia, now=now
    )
    outbox.deliver()
    end(granted, cast, now)
    accepted = invitations.accept(invited(cast, goods.site, goods.post, now=now), by=cast.pierre, now=now)
    outbox.deliver()
    partnerships.change_access(
        accepted, LIMITED, {goods.site.id: EVERYTHING}, version=accepted.version, by=cast.nadia, now=now
    )
    outbox.deliver()
    partnerships.change_access(accepted, FULL, {}, version=accepted.version, by=cast.nadia, now=now)
    partnerships.change_payer(accepted, Payer.PARTNER, version=accepted.version, by=cast.nadia, now=now)
    outbox.deliver()
    end(accepted, cast, now)
    directory.suspend(cast.lumiere_partner, SuspensionReason.OTHER, by=cast.olga, now=now)
    outbox.deliver()
    directory.resume(cast.lumiere_partner, by=cast.olga, now=now)
    outbox.deliver()
    uhu = make_organisation("Uhu SA", owner=make_user("Ugo Uhu", language="fr"))
    clients.leave(make_partner(uhu), by=uhu.memberships[0].user, now=now)
    outbox.deliver()


def end(partnership, cast, now) -> None:
    """Nadia ends it."""
    partnerships.end(
        partnership, side=Side.CLIENT, seen_hash=cast.nadia.password_hash, by=cast.nadia, now=now
    )


def ordered(cast, now, outbox) -> None:
    """Orders that are billed, paid, partly given back, cancelled; one by a partner."""
    plan = make_plan("newsletter", name="Newsletter")
    looked_after = make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL)
    order = make_order(
        cast.stefans, new(plan, quantity=3), acting=looked_after, by=cast.pierre, paid=True, now=now
    )
    outbox.deliver()
    refund(order, 2_000, now=now)
    given_up = make_order(cast.lumen, new(plan, label="archiv.ch"), new(plan, label="archiv.ch"), now=now)
    outbox.deliver()
    cancelled(given_up, now=now)
    outbox.deliver()


def moved(cast, now, outbox) -> None:
    """Prepaid accounts: filled, and withdrawn from."""
    imported(incoming(50_000, top_up_reference(cast.lumen)), now=now)
    paid, refused = (make_withdrawal(cast.lumen, cast.nadia, 10_000, now=now) for _twice in range(2))
    outbox.deliver()
    payments.pay_withdrawal(paid, by=cast.olga, now=now)
    payments.refuse_withdrawal(refused, reason="The account is closed.", by=cast.olga, now=now)
    outbox.deliver()


def renewed(cast, now, outbox) -> None:
    """Renewals: to be made by hand, announced, made."""
    make_prepaid(cast.lumiere, 50_000)
    for label in ("boutique.ch", "atelier.ch"):
        by_hand(cast.lumiere, label, IN_A_WEEK)
        product(cast.lumiere, f"www.{label}", IN_TWO_WEEKS)
        product(cast.lumiere, f"shop.{label}")
    renewals.remind(now=now)
    renewals.renew(now=now)
    outbox.deliver()


def not_renewed(cast, now, outbox) -> None:
    """Nobody can be sent an invoice, and the prepaid account is empty."""
    product(cast.stefans, "stranger.example")
    renewals.renew(now=now)
    outbox.deliver()


def commissions_paid(cast, now, outbox) -> None:
    """Payouts: where they go is changed, a run is due and carried out, and one comes back."""
    account = to(affiliate(), PayoutKind.PAYPAL)
    payouts.prefer(account, PayoutKind.IBAN, IBAN, "Anna", by=owner_of(account), now=now - timedelta(days=20))
    earn(account, now=now - timedelta(days=60))
    payouts.run_due(now=now)
    outbox.deliver()
    payout = paid(account)[0]
    payouts.execute(payout.run, by=cast.olga, now=now)
    outbox.deliver()
    payouts.take_back(payout, reason="Das Konto ist geschlossen.", by=cast.olga, now=now)
    outbox.deliver()


def every_mail(cast, clock, outbox, without_invoices) -> dict[str, list]:
    """Plays a story in which every mail leaves; kind -> messages."""
    cast.bergwerk_partner.tender_mail = "daily"
    db.session.commit()
    people(cast, clock.now, outbox)
    commissions_paid(cast, clock.now, outbox)
    applications(cast, clock.now, outbox)
    entrusted(cast, clock.now, outbox)
    ordered(cast, clock.now, outbox)
    moved(cast, clock.now, outbox)
    renewed(cast, clock.now, outbox)
    with without_invoices():
        not_renewed(cast, clock.now, outbox)
    draft = drafts.save("tender", drafts.new_key(), typed_call(), now=clock.now)
    tenders.send(draft, by=None, organisation=None, now=clock.now)
    draft = drafts.save("tender", drafts.new_key(), typed_call(language="de"), now=clock.now)
    tenders.send(draft, by=cast.nadia, organisation=cast.lumen, now=clock.now)
    awarded, cancelled, _expiring = (
        call(cast, clock.now, language=language) for language in ("en", "fr", "de")
    )
    outbox.deliver()
    tenders.accept(awarded, awarded.offers[0], seen=awarded.offers[0].stamp, by=None, now=clock.now)
    outbox.deliver()
    tenders.cancel(cancelled, by=None, now=clock.now)
    outbox.deliver()
    clock.forward(days=1)
    inbox.send_digests(now=clock.now)
    outbox.deliver()
    clock.forward(days=12)
    revenue.send_statements(now=clock.now)
    outbox.deliver()
    clock.forward(days=15)
    tenders.remind_of_closing(now=clock.now)
    invitations.remind(now=clock.now)
    outbox.deliver()
    clock.forward(days=5)
    tenders.expire(now=clock.now)
    invitations.tell_of_lapses(now=clock.now)
    outbox.deliver()
    db.session.expire_all()
    kinds = {row.message_id: row.kind for row in db.session.query(QueuedMail)}
    found: dict[str, list] = {}
    for message in outbox.messages:
        found.setdefault(kinds[message["Message-ID"]], []).append(message)
    return found


@pytest.fixture
def without_invoices(app, monkeypatch):
    """Meanwhile the operator has no bank account: nobody pays by invoice."""

    @contextmanager
    def policy_without_account():
        with monkeypatch.context() as meanwhile:
            meanwhile.setitem(app.config, "PROGRAMME", replace(app.config["PROGRAMME"], seller=None))
            yield

    return policy_without_account


@pytest.fixture
def mails(cast, clock, outbox, without_invoices):
    return every_mail(cast, clock, outbox, without_invoices)


# The mails of affiliates lead to pages that come with their feature.
NOT_YET = "webapp.affiliation."


def test_every_mail_is_looked_at(mails):
    known = {
        name
        for name, kind in KINDS.items()
        if kind.write.__module__.startswith("webapp.") and not kind.write.__module__.startswith(NOT_YET)
    }
    assert known <= set(mails), known - set(mails)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_mails_are_legible_and_fetch_nothing(mails, new_context, scheme):
    page = new_context(color_scheme=scheme, javascript=True).new_page()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    found = []
    for kind, messages in mails.items():
        message = messages[0]
        page.set_content(html_of(message))
        language = message["Content-Language"]
        if page.locator("html").get_attribute("lang") != language:
            found.append(f"{kind}: lang is not {language}")
        problems = []
        for width in (640, 390):
            page.set_viewport_size({"width": width, "height": 800})
            problems += checks.axe(page, rules=["color-contrast", "link-in-text-block"])
            problems += checks.wider_than_the_window(page)
        problems += checks.axe(page)
        for link in page.locator("a").all():
            address = link.get_attribute("href") or ""
            if address not in text_of(message):
                problems.append(f"{address} is not in the text part")
        found += [f"{kind}: {problem}" for problem in problems]
    assert not fetched
    assert not found, "\n" + "\n".join(found)
