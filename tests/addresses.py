"""Every address: what it needs, who may, and what it answers them. A new route needs a line here.

Eight people ask. For Lumen Optik AG (`lumen`), a client: its helper, admin and owner. For Lumière Digital
Sàrl (`lumiere`), a partner: its helper and owner. The visitor is not signed in, the stranger owns another
company, the operator belongs to none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.browser.stage import Stage
from tests.factories import PASSWORD
from tests.times import NOW
from webapp import drafts
from webapp.accounts.models import UserSession
from webapp.affiliation import queries as affiliation
from webapp.extensions import db
from webapp.invitations.selection import Choice
from webapp.mailer import QueuedMail
from webapp.ordering.models import Purchase
from webapp.ordering.selection import Basket
from webapp.payments import forms as payments
from webapp.requests.forms import stamp_of

ROLES = (
    "visitor", "stranger", "helper", "admin", "owner", "partner_helper", "partner_owner", "operator",
)  # fmt: skip
LUMEN = ("helper", "admin", "owner")
LUMIERE = ("partner_helper", "partner_owner")

SIGN_IN, TOO_WEAK, NOT_THERE = 303, 403, 404


@dataclass(frozen=True)
class Access:
    """Who may; what the others are answered: to sign in, too weak a role, or that there is no such page."""

    may: tuple[str, ...]
    weak: tuple[str, ...] = ()
    others: int = NOT_THERE

    def answer(self, role: str) -> int | None:
        """The status that this role is refused with; None when it may."""
        if role in self.may:
            return None
        if role == "visitor":
            return SIGN_IN
        return TOO_WEAK if role in self.weak else self.others


ANYBODY = Access(ROLES)
VISITORS = Access(("visitor",), others=303)  # whoever is signed in is led on
SIGNED_IN = Access(ROLES[1:])
TEAM = Access(LUMEN)
ADMINS = Access(("admin", "owner"), weak=("helper",))
OWNERS = Access(("owner",), weak=("helper", "admin"))
BUYER = Access(("owner",), weak=("helper",))  # whose order it is
PARTNER_BUYER = Access(("partner_owner",))  # the partner's helper does not look after this client,
PARTNER_BUYS = Access(("partner_owner",), weak=("partner_helper",))  # and is told so when it sends something
PARTNERS = Access(LUMIERE)
PARTNER_ADMINS = Access(("partner_owner",), weak=("partner_helper",))
# by the mailed link: others read whom it is for
INVITED = Access(("partner_owner",), weak=("partner_helper",), others=200)
OPERATOR = Access(("operator",))

Values = Callable[[Stage], dict[str, Any]]
Status = int | dict[str, int]  # by role where it differs; "" for all others


def _nothing(_stage: Stage) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Address:
    """One endpoint. `get` and `post` are what those who may are answered; None where the method is not known.

    `post` is the answer to `data`, sent by the first in the list who may; 422 and 200 change nothing.
    """

    access: Access
    get: Status | None = None
    post: Status | None = None
    values: Values = _nothing
    data: Values = _nothing
    posts: Access | None = None  # who may post, where that is not who may look
    page: bool = field(default=True)  # whether it has the languages of a page

    def expected(self, method: str, role: str) -> int:
        """The status that this role is answered."""
        access = self.posts if method == "POST" and self.posts else self.access
        refused = access.answer(role)
        if refused is not None:
            return refused
        status = self.get if method == "GET" else self.post
        assert status is not None
        return status.get(role, status.get("", 0)) if isinstance(status, dict) else status


def lumen(stage: Stage) -> dict[str, Any]:
    return {"org": stage.cast.lumen.public_id}


def lumiere(stage: Stage) -> dict[str, Any]:
    return {"org": stage.cast.lumiere.public_id}


def token(name: str) -> Values:
    return lambda stage: {"token": stage.tokens[name]}


def received(tender: str) -> Values:
    return lambda stage: {**lumiere(stage), "tender": getattr(stage, tender).public_id}


def colleague(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), "colleague": stage.membership(stage.cast.hugo, stage.cast.lumen).public_id}


def invitation(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), "invitation": stage.invitation.public_id}


def application(stage: Stage) -> dict[str, Any]:
    return {"application": stage.application.public_id}


def own_session(stage: Stage) -> dict[str, Any]:
    row = (
        db.session.query(UserSession).filter_by(user_id=stage.cast.nadia.id).order_by(UserSession.id).first()
    )
    return {"session": row.public_id if row else "x"}


def dead_mail(stage: Stage) -> dict[str, Any]:
    return {"mail": db.session.query(QueuedMail.id).filter(QueuedMail.dead_at.is_not(None)).scalar()}


def partner(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), "partner": stage.partnership.public_id}


def product(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), "product": stage.product.public_id}


def setting(stage: Stage) -> dict[str, Any]:
    return {**product(stage), "setting": stage.product.settings[0].public_id}


def tag(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), "tag": stage.product.tags[0].public_id}


def plan(stage: Stage) -> dict[str, Any]:
    return {"plan": stage.product.plan.public_id}


def owner(stage: Stage) -> dict[str, Any]:
    return {"organisation": stage.cast.lumen.public_id}


def owned(stage: Stage) -> dict[str, Any]:
    return {**owner(stage), "product": stage.product.public_id}


def transfer(stage: Stage) -> dict[str, Any]:
    return {"transfer": stage.payments.transfer.public_id}


def withdrawal(stage: Stage) -> dict[str, Any]:
    return {"withdrawal": stage.payments.withdrawal.public_id}


def payout(stage: Stage) -> dict[str, Any]:
    return {"payout": stage.payout.public_id}


def own_payout(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), **payout(stage)}


def payout_run(stage: Stage) -> dict[str, Any]:
    return {"run": stage.payout.run.public_id}


def asked(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), "draft": stage.payments.asking}


def booking(stage: Stage) -> dict[str, Any]:
    return {"order": stage.order.public_id, "draft": stage.payments.booking}


def client(stage: Stage) -> dict[str, Any]:
    return {**lumiere(stage), "client": stage.partnership.public_id}


def managed(stage: Stage) -> dict[str, Any]:
    return {**client(stage), "product": stage.product.public_id}


def managed_setting(stage: Stage) -> dict[str, Any]:
    return {**managed(stage), "setting": stage.product.settings[0].public_id}


def offer(stage: Stage) -> dict[str, Any]:
    return {"token": stage.tokens["tender"], "offer": stage.offer.public_id}


def asking(stage: Stage) -> dict[str, Any]:
    return {**lumiere(stage), "draft": stage.asking}


def request(stage: Stage) -> dict[str, Any]:
    return {"invitation": stage.request.public_id}


def answering(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), **request(stage)}


def confirming(stage: Stage) -> dict[str, Any]:
    draft = drafts.find("grant", stage.request.public_id, now=NOW)
    return {"seen": stamp_of(draft.data) if draft else ""}


def adding(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), "draft": stage.adding}


def adding_as_shown(stage: Stage) -> dict[str, Any]:
    draft = drafts.find("invitation", stage.adding, now=NOW)
    return {"seen": Choice.read(draft.data, stage.cast.lumen).stamp if draft else ""}


def awaited(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), "invitation": stage.awaited.public_id}


def offered(stage: Stage) -> dict[str, Any]:
    return {**lumiere(stage), "invitation": stage.offered.public_id}


def invoice(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), "invoice": stage.order.invoice.public_id}


def any_invoice(stage: Stage) -> dict[str, Any]:
    return {"invoice": stage.refunded.invoices[-1].public_id}


def order(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), "order": stage.order.public_id}


def any_order(stage: Stage) -> dict[str, Any]:
    return {"order": stage.refunded.public_id}


def buying(stage: Stage) -> dict[str, Any]:
    return {**lumen(stage), "draft": stage.buying}


def client_that_buys(stage: Stage) -> dict[str, Any]:
    partnership = stage.entrusted.partnership
    assert partnership
    return {**lumiere(stage), "client": partnership.public_id}


def buying_for_client(stage: Stage) -> dict[str, Any]:
    return {**client_that_buys(stage), "draft": stage.buying_for_client}


def as_shown(person: str, key: str) -> Values:
    """What the check page of this order sends."""

    def find(stage: Stage) -> dict[str, Any]:
        draft = drafts.find("order", getattr(stage, key), now=NOW)
        member = stage.membership(
            getattr(stage.cast, person), stage.cast.lumen if person == "nadia" else stage.cast.lumiere
        )
        purchase = Purchase(member, None if person == "nadia" else stage.entrusted.partnership)
        basket = Basket.read(draft.data if draft else {}, purchase, getattr(stage, key))
        return {"seen": str(basket.seen), "method": "invoice"}

    return find


def withdrawal_as_shown(stage: Stage) -> dict[str, Any]:
    """What the check page of the withdrawal sends."""
    draft = drafts.find("withdrawal", stage.payments.asking, now=NOW)
    assert draft is not None
    return {"password": PASSWORD, "seen": payments.stamp_of(*payments.wanted_of(draft.data))}


def payment_as_shown(stage: Stage) -> dict[str, Any]:
    """What the check page of the payment sends."""
    draft = drafts.find("payment", stage.payments.booking, now=NOW)
    assert draft is not None
    return {"seen": payments.stamp_of(*payments.payment_of(stage.order, draft.data))}


ADDRESSES: dict[str, Address] = {
    # people
    "accounts.sign_up": Address(VISITORS, get=200, post=422, posts=ANYBODY),
    "accounts.sign_up_done": Address(ANYBODY, get=303),
    "accounts.send_verification": Address(ANYBODY, post=303),
    "accounts.verify": Address(ANYBODY, get=200, post=303, values=token("verify")),
    "accounts.sign_in": Address(VISITORS, get=200, post=422, posts=ANYBODY),
    "accounts.sign_out": Address(ANYBODY, post=303),
    "accounts.start": Address(SIGNED_IN, get=303),
    "accounts.forgot_password": Address(ANYBODY, get=200, post=422),
    "accounts.reset_password": Address(ANYBODY, get=200, post=422, values=token("reset")),
    "accounts.profile": Address(SIGNED_IN, get=200, post=422),
    "accounts.remove_avatar": Address(SIGNED_IN, post=303),
    "accounts.avatar": Address(
        Access((*LUMEN, "operator")), get=200, page=False,
        values=lambda s: {"file": s.cast.nadia.avatar.public_id},
    ),
    "accounts.password": Address(SIGNED_IN, get=200, post=422),
    "accounts.sessions": Address(SIGNED_IN, get=200),
    "accounts.end_session": Address(Access(("owner",)), post=303, values=own_session),
    "accounts.end_other_sessions": Address(SIGNED_IN, post=303),
    # organisations
    "organisations.new": Address(SIGNED_IN, get=200, post=422),
    "organisations.settings": Address(ADMINS, get=200, post=422, values=lumen),
    "organisations.team": Address(TEAM, get=200, values=lumen),
    "organisations.invite": Address(ADMINS, get=200, post=422, values=lumen),
    "organisations.resend_invitation": Address(ADMINS, post=303, values=invitation),
    "organisations.withdraw_invitation": Address(ADMINS, get=200, post=303, values=invitation),
    "organisations.change_role": Address(ADMINS, get=200, post=422, values=colleague),
    "organisations.remove_member": Address(TEAM, get=200, post=303, values=colleague),
    "organisations.invitation": Address(
        ANYBODY, get=200, post={"visitor": 422, "": 200}, values=token("colleague")
    ),
    "organisations.switch_account": Address(ANYBODY, post=303, values=token("colleague")),
    "pages.overview": Address(TEAM, get=200, values=lumen),
    # partners
    "directory.index": Address(ANYBODY, get=200),
    "directory.profile": Address(ANYBODY, get=200, values=lambda s: {"slug": s.cast.lumiere_partner.slug}),
    "directory.logo": Address(
        ANYBODY, get=404, values=lambda s: {"slug": s.cast.lumiere_partner.slug, "file": "a" * 26}, page=False
    ),
    "directory.become": Address(ANYBODY, get=200),
    "directory.apply": Address(OWNERS, get=200, post=200, values=lumen),  # an affiliate: the page says so
    "directory.listing": Address(PARTNER_ADMINS, get=200, post=422, values=lumiere),
    # a client adds a partner, and the partner answers
    "invitations.new": Address(OWNERS, get=303, values=lumen),
    "invitations.who": Address(OWNERS, get=200, post=422, values=adding),
    "invitations.access": Address(OWNERS, get=200, post=422, values=adding),
    "invitations.products": Address(OWNERS, get=200, post=303, values=adding),
    "invitations.wallet": Address(OWNERS, get=303, post=303, values=adding),
    "invitations.check": Address(OWNERS, get=200, post=303, values=adding, data=adding_as_shown),
    "invitations.ask_partner": Address(
        SIGNED_IN, get={"helper": 403, "admin": 403, "owner": 303, "stranger": 303, "": 200},
        values=lambda s: {"slug": s.cast.lumiere_partner.slug},
    ),
    "invitations.resend": Address(OWNERS, post=303, values=awaited),
    "invitations.delete": Address(OWNERS, get=200, post=303, values=awaited),
    "invitations.link": Address(ANYBODY, get={"partner_helper": 403, "": 200}, values=token("offered")),
    "invitations.accept": Address(INVITED, post=303, values=token("offered")),
    "invitations.refuse": Address(INVITED, post=303, values=token("offered")),
    "invitations.switch_account": Address(ANYBODY, post=303, values=token("offered")),
    "invitations.received": Address(PARTNER_ADMINS, get=200, values=offered),
    "invitations.accept_here": Address(PARTNER_ADMINS, post=303, values=offered),
    "invitations.refuse_here": Address(PARTNER_ADMINS, post=303, values=offered),
    # money
    "orders.who_earns": Address(ANYBODY, get=200),
    "orders.index": Address(ADMINS, get=200, values=lumen),
    "orders.show": Address(ADMINS, get=200, values=order),
    "orders.cancel_unpaid": Address(ADMINS, get=200, post=303, values=order),
    "orders.desk": Address(OPERATOR, get=200),
    "orders.on_desk": Address(OPERATOR, get=200, values=any_order),
    "orders.cancel": Address(OPERATOR, get=200, post=422, values=any_order),
    "orders.refund": Address(OPERATOR, get=200, post=422, values=any_order),
    "orders.check_refund": Address(
        OPERATOR, get=200, post=303, values=lambda s: {**any_order(s), "draft": s.refunding}
    ),
    "invoices.index": Address(ADMINS, get=200, values=lumen),
    "invoices.show": Address(ADMINS, get=200, values=invoice),
    "invoices.document": Address(ADMINS, get=200, values=invoice, page=False),
    "invoices.electronic": Address(ADMINS, get=200, values=invoice, page=False),
    "invoices.desk": Address(OPERATOR, get=200),
    "invoices.on_desk": Address(OPERATOR, get=200, values=any_invoice),
    "invoices.desk_document": Address(OPERATOR, get=200, values=any_invoice, page=False),
    "invoices.desk_electronic": Address(OPERATOR, get=200, values=any_invoice, page=False),
    "ledger.account": Address(ADMINS, get=200, values=lumen),
    "ledger.account_file": Address(ADMINS, get=200, values=lumen, page=False),
    "payments.pay_in": Address(ADMINS, get=200, values=lumen),
    "payments.withdrawals": Address(ADMINS, get=200, values=lumen),
    "payments.withdraw": Address(OWNERS, get=200, post=422, values=lumen),
    "payments.change": Address(OWNERS, get=200, post=422, values=asked),
    "payments.check": Address(
        OWNERS, get=200, post=303, values=asked, data=withdrawal_as_shown
    ),
    "payments.desk": Address(OPERATOR, get=200),
    "payments.transfer": Address(OPERATOR, get=200, values=transfer),
    "payments.assign_order": Address(
        OPERATOR, get=200, post=303, values=lambda s: {**transfer(s), "order": s.order.public_id}
    ),
    "payments.assign_account": Address(
        OPERATOR, get=200, post=303, values=lambda s: {**transfer(s), **owner(s)}
    ),
    "payments.send_back": Address(OPERATOR, get=200, post=303, values=transfer),
    "payments.import_statement": Address(OPERATOR, get=200, post=422),
    "rates.desk": Address(OPERATOR, get=200, post=422),
    "payments.check_statement": Address(
        OPERATOR, get=200, post=303, values=lambda s: {"draft": s.payments.statement}
    ),
    "payments.new_payment": Address(OPERATOR, get=200, post=422, values=lambda s: {"order": s.order.public_id}),
    "payments.change_payment": Address(OPERATOR, get=200, post=422, values=booking),
    "payments.check_payment": Address(OPERATOR, get=200, post=303, values=booking, data=payment_as_shown),
    "payments.withdrawal_desk": Address(OPERATOR, get=200),
    "payments.withdrawal": Address(OPERATOR, get=200, values=withdrawal),
    "payments.pay_out": Address(OPERATOR, post=303, values=withdrawal),
    "payments.refuse": Address(OPERATOR, get=200, post=422, values=withdrawal),
    "renewals.index": Address(ADMINS, get=200, values=lumen),
    "renewals.notices": Address(ADMINS, get=200, post=303, values=lumen),
    "renewals.automatic": Address(ADMINS, post=303, values=product),
    # a partner asks a client, and the client answers
    "requests.new": Address(PARTNER_ADMINS, get=200, values=lumiere),
    "requests.who": Address(PARTNER_ADMINS, get=200, post=422, values=asking),
    "requests.ask": Address(PARTNER_ADMINS, get=200, post=422, values=asking),
    "requests.message": Address(PARTNER_ADMINS, get=200, post=303, values=asking),
    "requests.check": Address(PARTNER_ADMINS, get=200, post=303, values=asking),
    "requests.answer": Address(Access(("owner",)), get=303, values=request),
    "requests.grant": Address(OWNERS, get=200, post=422, values=answering),
    "requests.confirm": Address(OWNERS, get=200, post=303, values=answering, data=confirming),
    "requests.refuse": Address(Access(("owner",)), get=200, post=303, values=request),
    "requests.join": Address(
        ANYBODY, get={"visitor": 200, "": 303}, post={"visitor": 422, "": 303}, values=token("request")
    ),
    # a partner's clients; which ones, tests/clients/test_relations.py asks
    "clients.index": Address(PARTNERS, get=200, values=lumiere),
    "clients.show": Address(PARTNERS, get=200, values=client),
    "clients.leaving": Address(PARTNER_ADMINS, get=200, post=409, values=lumiere),
    "clients.people": Address(PARTNER_ADMINS, get=200, post=303, values=client),
    "clients.end": Address(PARTNER_ADMINS, get=200, post=303, values=client),
    "clients.end_password": Address(PARTNER_ADMINS, get=303, post=303, values=client),
    "clients.ended": Address(PARTNER_ADMINS, get=303, values=client),
    "clients.products": Address(PARTNERS, get=200, values=client),
    "clients.product": Address(PARTNERS, get=200, values=managed),
    "clients.new_setting": Address(PARTNERS, get=200, post=422, values=managed),
    "clients.change_setting": Address(PARTNERS, get=200, post=422, values=managed_setting),
    "clients.remove_setting": Address(PARTNERS, get=200, post=303, values=managed_setting),
    # the way of an order: a draft is its writer's alone
    "ordering.new": Address(ADMINS, get=303, values=lumen),
    "ordering.catalogue": Address(BUYER, get=200, post=303, values=buying),
    "ordering.renewals": Address(BUYER, get=200, post=303, values=buying),
    "ordering.renew": Address(ADMINS, get=200, post=422, values=product),
    "ordering.lines": Address(BUYER, get=200, post=422, values=buying),
    "ordering.check": Address(BUYER, get=200, values=buying),
    "ordering.place": Address(BUYER, post=303, values=buying, data=as_shown("nadia", "buying")),
    "ordering.placed": Address(ADMINS, get=200, values=lambda s: {**lumen(s), "draft": s.order.key}),
    "ordering.new_for_client": Address(PARTNER_BUYER, get=303, values=client_that_buys),
    "ordering.catalogue_for_client": Address(
        PARTNER_BUYER, posts=PARTNER_BUYS, get=200, post=303, values=buying_for_client
    ),
    "ordering.renewals_for_client": Address(
        PARTNER_BUYER, posts=PARTNER_BUYS, get=200, post=303, values=buying_for_client
    ),
    "ordering.renew_for_client": Address(
        PARTNER_BUYER, posts=PARTNER_BUYS, get=200, post=422,
        values=lambda s: {**client_that_buys(s), "product": s.entrusted.lines[0].made[0].public_id},
    ),
    "ordering.lines_for_client": Address(
        PARTNER_BUYER, posts=PARTNER_BUYS, get=200, post=422, values=buying_for_client
    ),
    "ordering.check_for_client": Address(PARTNER_BUYER, get=200, values=buying_for_client),
    "ordering.place_for_client": Address(
        PARTNER_BUYER, posts=PARTNER_BUYS, post=303, values=buying_for_client,
        data=as_shown("pierre", "buying_for_client"),
    ),
    "ordering.placed_for_client": Address(
        PARTNER_BUYER, get=200, values=lambda s: {**client_that_buys(s), "draft": s.entrusted.key}
    ),
    # what a partner earns, and prices
    "revenue.index": Address(PARTNER_ADMINS, get=200, values=lumiere),
    "revenue.origin": Address(
        ADMINS, get=303, values=lambda s: {**lumen(s), "number": s.order.number}, page=False
    ),
    "revenue.statement_mail": Address(PARTNER_ADMINS, post=303, values=lumiere),
    "revenue.revenue_file": Address(PARTNER_ADMINS, get=200, values=lumiere, page=False),
    "revenue.billing_file": Address(PARTNER_ADMINS, get=200, values=client, page=False),
    "revenue.orders_file": Address(ADMINS, get=200, values=lumen, page=False),
    "revenue.prices": Address(ANYBODY, get=200),
    "revenue.partner_prices": Address(PARTNER_ADMINS, get=200, values=lumiere),
    # calls for tenders: whoever writes one
    "tenders.new": Address(ANYBODY, get=200),
    "tenders.edit": Address(ANYBODY, get=200, values=lambda s: {"draft": s.typed}),
    "tenders.save": Address(ANYBODY, post=422, values=lambda s: {"draft": "b" * 26}),
    "tenders.check": Address(ANYBODY, get=200, values=lambda s: {"draft": s.typed}),
    "tenders.send": Address(ANYBODY, post=303, values=lambda s: {"draft": s.typed}),
    "tenders.done": Address(ANYBODY, get=200, values=lambda s: {"draft": s.sent}),
    # the holder of the mailed link
    "tenders.manage": Address(ANYBODY, get=200, values=token("tender")),
    "tenders.confirm": Address(ANYBODY, post=303, values=token("unconfirmed")),
    "tenders.cancel": Address(ANYBODY, post=303, values=token("tender")),
    "tenders.extend": Address(ANYBODY, post=303, values=token("tender")),
    "tenders.acceptance": Address(ANYBODY, get=200, values=offer),
    "tenders.accept": Address(ANYBODY, post=303, values=offer),
    "tenders.own_file": Address(
        ANYBODY, get=200, page=False,
        values=lambda s: {"token": s.tokens["tender"], "file": s.tender.files[0].public_id},
    ),
    "tenders.sent": Address(TEAM, get=200, values=lumen),
    "tenders.sent_show": Address(TEAM, get=302, values=lambda s: {**lumen(s), "tender": s.own.public_id}),
    # the partner's inbox
    "inbox.open_mailed": Address(PARTNERS, get=302, values=lambda s: {"tender": s.tender.public_id}),
    "inbox.index": Address(PARTNERS, get=200, values=lumiere),
    "inbox.show": Address(PARTNERS, get=200, values=received("fresh")),
    "inbox.open_contact": Address(PARTNERS, post=303, values=received("fresh")),
    "inbox.file": Address(
        PARTNERS, get=200, page=False,
        values=lambda s: {**received("tender")(s), "file": s.tender.files[0].public_id},
    ),
    "inbox.offer": Address(PARTNERS, get=200, post=422, values=received("tender")),
    "inbox.withdraw_offer": Address(PARTNERS, post=303, values=received("tender")),
    "inbox.dismiss": Address(PARTNERS, post=422, values=received("fresh")),
    "inbox.take_back_dismissal": Address(PARTNERS, post=303, values=received("fresh")),
    "inbox.preferences": Address(PARTNER_ADMINS, get=200, post=422, values=lumiere),
    "tenders.stop_mail": Address(ANYBODY, get=200, values=token("stop")),
    "tenders.stop_mail_by_page": Address(ANYBODY, post=200, values=token("stop")),
    "tenders.stop_mail_now": Address(ANYBODY, post=204, values=token("stop")),
    # a client's partners; what stands behind a draft, full access or a first page is in tests/partners
    "partners.index": Address(TEAM, get=200, values=lumen),
    "partners.show": Address(TEAM, get=200, values=partner),
    "partners.draft": Address(OWNERS, post=303, values=partner),
    "partners.review": Address(OWNERS, get=303, values=partner),
    "partners.save": Address(OWNERS, post=303, values=partner),
    "partners.remove_product": Address(
        OWNERS, get=200, post=303, values=lambda s: {**partner(s), "product": s.product.public_id}
    ),
    "partners.payment": Address(OWNERS, get=303, values=partner),
    "partners.check_payment": Address(OWNERS, get=303, post=303, values=partner),
    "partners.end": Address(OWNERS, get=200, values=partner),
    "partners.go_on_ending": Address(OWNERS, post=303, values=partner),
    "partners.end_password": Address(OWNERS, get=303, post=303, values=partner),
    "partners.ended": Address(TEAM, get=303, values=partner),
    # products and tags
    "products.index": Address(TEAM, get=200, values=lumen),
    "products.show": Address(TEAM, get=200, values=product),
    "products.new_setting": Address(ADMINS, get=200, post=422, values=product),
    "products.change_setting": Address(ADMINS, get=200, post=422, values=setting),
    "products.remove_setting": Address(ADMINS, get=200, post=303, values=setting),
    "products.tags": Address(TEAM, get=200, post=422, values=product),
    "products.remove_tag": Address(TEAM, post=303, values=lambda s: {**product(s), **tag(s)}),
    "products.tag_list": Address(TEAM, get=200, values=lumen),
    "products.edit_tag": Address(ADMINS, get=200, post=422, values=tag),
    "products.merge_tag": Address(ADMINS, get=200, post=422, values=tag),
    "products.delete_tag": Address(ADMINS, get=200, post=303, values=tag),
    "products.catalogue": Address(OPERATOR, get=200),
    "products.new_plan": Address(OPERATOR, get=200, post=422),
    "products.edit_plan": Address(OPERATOR, get=200, post=422, values=plan),
    "products.retire_plan": Address(OPERATOR, post=303, values=plan),
    "products.restore_plan": Address(OPERATOR, post=303, values=plan),
    "products.export_plans": Address(OPERATOR, get=200, page=False),
    "products.import_plans": Address(OPERATOR, get=200, post=422),
    "products.check_import": Address(OPERATOR, get=200, post=303, values=lambda s: {"draft": s.catalogue}),
    "products.owned": Address(OPERATOR, get=200, values=owner),
    "products.new_product": Address(OPERATOR, get=200, post=422, values=owner),
    "products.edit_product": Address(OPERATOR, get=200, post=422, values=owned),
    "products.end_product": Address(OPERATOR, get=200, post=303, values=owned),
    "products.import_usage": Address(OPERATOR, get=200, post=422),
    # the operator
    "backoffice.desk": Address(OPERATOR, get=200),
    "backoffice.applications": Address(OPERATOR, get=200),
    "backoffice.application": Address(OPERATOR, get=200, values=application),
    "backoffice.approve": Address(OPERATOR, post=303, values=application),
    "backoffice.reject": Address(OPERATOR, post=422, values=application),
    "backoffice.organisations": Address(OPERATOR, get=200),
    "backoffice.organisation": Address(
        OPERATOR, get=200, values=lambda s: {"organisation": s.cast.lumiere.public_id}
    ),
    "backoffice.suspend": Address(
        OPERATOR, get=200, post=422, values=lambda s: {"organisation": s.cast.lumiere.public_id}
    ),
    "backoffice.resume": Address(
        OPERATOR, post=303, values=lambda s: {"organisation": s.cast.lumiere.public_id}
    ),
    "backoffice.tender_list": Address(OPERATOR, get=200),
    "backoffice.tender": Address(OPERATOR, get=200, values=lambda s: {"tender": s.tender.public_id}),
    "backoffice.hide": Address(OPERATOR, post=303, values=lambda s: {"tender": s.tender.public_id}),
    "backoffice.programme": Address(OPERATOR, get=200),
    "backoffice.mails": Address(OPERATOR, get=200),
    "backoffice.retry": Address(OPERATOR, post=303, values=dead_mail),
    "backoffice.setup": Address(ANYBODY, get=409, post=409, values=token("setup")),
    "api_desk.messages": Address(OPERATOR, get=200),
    "api_desk.keys": Address(OPERATOR, get=200),
    "api_desk.new_key": Address(OPERATOR, get=200, post=422),
    "api_desk.revoke": Address(OPERATOR, get=200, post=422, values=lambda s: {"key": s.key.public_id}),
    # everybody
    "pages.home": Address(ANYBODY, get=200),
    "pages.legal": Address(ANYBODY, get=200, values=lambda s: {"topic": "privacy"}),
    "affiliation.programme": Address(ANYBODY, get=200),
    "affiliation.join": Address(OWNERS, get=303, post=303, values=lumen),  # it has joined
    "affiliation.closing": Address(OWNERS, get=200, post=422, values=lumen),
    "affiliation.rates": Address(ADMINS, get=200, values=lumen),
    "affiliation.missing": Address(ADMINS, get=200, values=lumen),
    "earnings.index": Address(ADMINS, get=200, values=lumen),
    "earnings.earnings_file": Address(ADMINS, get=200, values=lumen, page=False),
    "earnings.statement": Address(ADMINS, get=200, values=lumen),
    "earnings.statement_file": Address(ADMINS, get=200, values=lumen, page=False),
    "payouts.index": Address(ADMINS, get=200, values=lumen),
    "payouts.document": Address(ADMINS, get=200, values=own_payout, page=False),
    "payouts.electronic": Address(ADMINS, get=200, values=own_payout, page=False),
    "payouts.preferences": Address(OWNERS, get=200, post=422, values=lumen),
    "payouts.desk": Address(OPERATOR, get=200),
    "payouts.run": Address(OPERATOR, get=200, values=payout_run),
    "payouts.transfers": Address(OPERATOR, get=200, values=payout_run, page=False),
    "payouts.mass_payment": Address(
        OPERATOR, get=200, values=lambda s: {**payout_run(s), "nth": 1}, page=False
    ),
    "payouts.execution": Address(OPERATOR, get=200, post=303, values=payout_run),
    "payouts.desk_document": Address(OPERATOR, get=200, values=payout, page=False),
    "payouts.desk_electronic": Address(OPERATOR, get=200, values=payout, page=False),
    "payouts.take_back": Address(OPERATOR, get=200, post=422, values=payout),
    "affiliates.index": Address(OPERATOR, get=200),
    "affiliates.affiliate": Address(OPERATOR, get=200, values=lambda s: {"affiliate": s.affiliate.public_id}),
    "affiliates.review": Address(OPERATOR, get=200, post=422, values=lambda s: {"customer": s.won.public_id}),
    "affiliation.links": Address(ADMINS, get=200, post=422, values=lumen),
    "affiliation.remove_link": Address(
        ADMINS, post=303, values=lambda s: {**lumen(s), "link": affiliation.links_of(s.affiliate)[0].public_id}
    ),
    # over somebody's link; a tag that nobody has leads on as well
    "arrivals.follow": Address(ANYBODY, get=302, values=lambda s: {"tag": "abcdefg"}, page=False),
    "arrivals.answer": Address(ANYBODY, post=303, data=lambda _s: {"next": "/en/"}, page=False),
    "arrivals.banner": Address(
        ANYBODY, get=200, values=lambda s: {"language": "de", "size": "300x250", "kind": "svg"}, page=False
    ),
    # machines
    "api.orders": Address(ANYBODY, post=415, page=False),  # JSON alone is taken in
    "api.events": Address(ANYBODY, post=415, page=False),
    "api.openapi": Address(ANYBODY, get=200, page=False),
    "static": Address(ANYBODY, get=200, values=lambda s: {"filename": "css/app.css"}, page=False),
    "technical.root": Address(ANYBODY, get=302, page=False),
    "technical.health": Address(ANYBODY, get=200, page=False),
    "technical.logo": Address(ANYBODY, get=200, page=False),
    "technical.robots": Address(ANYBODY, get=200, page=False),
    "technical.theme": Address(ANYBODY, get=200, page=False),
    "technical.sitemap": Address(ANYBODY, get=200, page=False),
    "technical.sitemap_part": Address(ANYBODY, get=200, values=lambda s: {"number": 1}, page=False),
}  # fmt: skip
