"""Things for tests to stand on: plain functions with sensible defaults, every column can be given by name.

Each commits in a unit of work of its own. They write rows only: no mail, no audit, no rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any

from tests.times import NOW
from webapp import links
from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.passwords import hash_password
from webapp.accounts.rules import Kind, Role
from webapp.affiliation import actions as affiliation
from webapp.affiliation.models import AffiliateAccount
from webapp.database import new_public_id
from webapp.directory.models import Application, ListingText, PartnerAccount
from webapp.extensions import db
from webapp.invitations.models import AskedRights, Invitation, OfferedProduct
from webapp.invitations.queries import PURPOSE
from webapp.invitations.rules import LIFETIME, Direction
from webapp.money import Money
from webapp.orders import actions as orders
from webapp.orders.models import Order
from webapp.orders.quotes import Wanted, renewal_of
from webapp.orders.rules import Method
from webapp.partnerships.models import Assignment, Partnership, PartnershipChange, ProductGrant
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Rights, Side
from webapp.payments import actions as payments
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.queries import top_up_reference
from webapp.payments.rules import Destination
from webapp.payments.rules import Kind as WithdrawalKind
from webapp.payments.statements import Incoming, LeftOut, Statement
from webapp.places import currency_of
from webapp.products.models import Plan, Product, ProductSetting, ProductTag, Tag, Usage
from webapp.products.rules import LABEL_LENGTH, Colour, Family, Metric, Period
from webapp.programme import programme
from webapp.rates.models import ExchangeRate
from webapp.tenders.models import Offer, Tender, TenderRecipient
from webapp.text import fold, slug
from webapp.unit import unit_of_work
from webapp.uploads import Checked, Upload, store
from webapp.visits import Visit

PASSWORD = "correct horse battery"
_numbers = count(1)


@lru_cache
def _hash_of(password: str) -> str:
    """argon2 is slow on purpose: once per password and run."""
    return hash_password(password)


def _add(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


@unit_of_work
def make_user(name: str = "Somebody New", *, password: str = PASSWORD, **values: Any) -> User:
    """A person with a verified address, in English from Switzerland."""
    row = {
        "email": f"{slug(name)}-{next(_numbers)}@example.com",
        "password_hash": _hash_of(password),
        "name": name,
        "language": "en",
        "region": "CH",
        "created_at": NOW - timedelta(days=100),
        "verified_at": NOW - timedelta(days=100),
        **values,
    }
    return _add(User(**row))


@unit_of_work
def make_organisation(
    name: str = "Some Company AG", *, owner: User | None = None, **values: Any
) -> Organisation:
    """A company in Bern; `owner` becomes its legal representative."""
    country = values.get("country", "CH")
    row = {
        "kind": Kind.COMPANY,
        "name": name,
        "street": "Marktgasse 1",
        "postcode": "3011",
        "city": "Bern",
        "country": country,
        "currency": currency_of(country),
        "language": "de",
        "register_number": "CHE-100.155.212",
        "created_at": NOW - timedelta(days=100),
        **values,
    }
    organisation = _add(Organisation(**row))
    if owner:
        join(owner, organisation, Role.LEGAL_REPRESENTATIVE)
    return organisation


@unit_of_work
def join(user: User, organisation: Organisation, role: Role = Role.COLLABORATOR, **values: Any) -> Membership:
    """The person becomes a member with this role."""
    row = {"created_at": NOW - timedelta(days=90), **values}
    return _add(Membership(user=user, organisation=organisation, role=role, **row))


@unit_of_work
def make_application(organisation: Organisation, applicant: User, **values: Any) -> Application:
    """An application that waits for its decision."""
    row = {
        "website": "https://www.example.com",
        "about": "We look after forty shops.",
        "policy_version": "test",
        "applied_at": NOW - timedelta(days=2),
        **values,
    }
    return _add(Application(organisation=organisation, applicant=applicant, **row))


@unit_of_work
def make_partner(
    organisation: Organisation, *, texts: dict[str, str] | None = None, **values: Any
) -> PartnerAccount:
    """An approved partner, listed in the directory, that receives every call for tenders at once by mail."""
    organisation.programme = "partner"
    name = values.get("name", organisation.name)
    row = {
        "approved_at": NOW - timedelta(days=60),
        "listed_at": NOW - timedelta(days=50),
        "slug": f"{slug(name)}-{next(_numbers)}",
        "name": name,
        "website": "https://www.example.com",
        "city": organisation.city,
        "country": organisation.country,
        "services": frozenset({"web", "mail"}),
        "languages": frozenset({"en", "fr", "de"}),
        "changed_at": NOW - timedelta(days=50),
        "sort_name": fold(name),
        "search": fold(f"{name} {organisation.city}"),
        "tender_services": frozenset(),
        "tender_places": frozenset(),
        "tender_languages": frozenset(),
        **values,
    }
    partner = _add(PartnerAccount(organisation=organisation, **row))
    for language, text in (texts or {"en": f"{name} looks after your sites."}).items():
        _add(ListingText(partner=partner, language=language, text=text))
    return partner


@unit_of_work
def make_tender(**values: Any) -> Tender:
    """A visitor's call for tenders, open for 30 days; an unconfirmed one with `confirmed_at=None`."""
    row = {
        "reference": f"T-{next(_numbers):05d}",
        "title": "A shop for eyeglasses",
        "description": "We sell eyeglasses in three branches and want a shop on the web.",
        "language": "en",
        "services": frozenset({"web"}),
        "reply_languages": frozenset({"en"}),
        "country": "CH",
        "region": "CH-BE",
        "start": "month",
        "currency": "CHF",
        "budget_least": 5000,
        "budget_most": 10000,
        "contact_name": "Vera Visitor",
        "contact_company": "Visitor & Co",
        "contact_email": "vera@visitor.example",
        "contact_phone": "+41 31 555 01 02",
        "validity_days": 30,
        "sent_at": NOW - timedelta(days=1),
        "confirmed_at": NOW - timedelta(days=1),
        **values,
    }
    if row["confirmed_at"]:
        row.setdefault("closes_at", row["confirmed_at"] + timedelta(days=row["validity_days"]))
    return _add(Tender(**row))


@unit_of_work
def make_recipient(tender: Tender, partner: PartnerAccount, **values: Any) -> TenderRecipient:
    """The call concerned this partner when it was published."""
    return _add(TenderRecipient(tender=tender, partner=partner, **values))


@unit_of_work
def make_offer(tender: Tender, partner: PartnerAccount, user: User, **values: Any) -> Offer:
    """An offer of CHF 7'500, valid for 30 days."""
    row = {
        "price_least": 750_000,
        "price_most": 750_000,
        "currency": tender.currency,
        "message": "We can start next month.",
        "language": "en",
        "valid_until": NOW + timedelta(days=30),
        "made_at": NOW,
        **values,
    }
    return _add(Offer(tender=tender, partner=partner, user=user, **row))


@unit_of_work
def make_upload(
    data: bytes = b"%PDF-1.4\n%%EOF\n",
    *,
    filename: str = "plan.pdf",
    content_type: str = "application/pdf",
    now: datetime = NOW,
    draft: str | None = None,
) -> Upload:
    """A stored file; a tiny PDF unless told otherwise."""
    return store(Checked(filename, content_type, data), now=now, draft=draft)


@unit_of_work
def make_plan(code: str | None = None, family: Family = Family.WEB, **values: Any) -> Plan:
    """A yearly plan for CHF 120 or EUR 110, with 20 per cent for partners."""
    code = code or f"plan-{next(_numbers)}"
    name = values.pop("name", code.replace("-", " ").capitalize())
    row = {
        "code": code,
        "family": family,
        "name_en": name,
        "name_fr": name,
        "name_de": name,
        "period": Period.YEAR,
        "price_chf": 12_000,
        "price_eur": 11_000,
        "discount": 20,
        "sliding": True,
        "affiliates": True,
        "created_at": NOW - timedelta(days=300),
        **values,
    }
    return _add(Plan(**row))


@unit_of_work
def make_product(
    organisation: Organisation, label: str = "example.com", plan: Plan | None = None, **values: Any
) -> Product:
    """An active product that renews in half a year, by itself; of a plan of its own unless one is given."""
    plan = plan or make_plan()
    row = {
        "payer": organisation,
        "family_rank": plan.family.rank,
        "sort_label": fold(label)[: 2 * LABEL_LENGTH],
        "label": label,
        "started_on": date(2026, 6, 1),
        "renews_on": date(2027, 6, 1),
        "auto_renew": True,
        "created_at": NOW - timedelta(days=80),
        **values,
    }
    return _add(Product(organisation=organisation, plan=plan, **row))


@unit_of_work
def make_setting(
    product: Product, name: str = "PHP version", value: str = "8.4", **values: Any
) -> ProductSetting:
    """A technical setting of the product."""
    row = {"changed_at": NOW - timedelta(days=10), **values}
    return _add(ProductSetting(product=product, name=name, value=value, **row))


@unit_of_work
def make_usage(
    product: Product, day: date = date(2026, 11, 1), amount: int = 100, metric: Metric = Metric.VISITS
) -> Usage:
    """What was counted on one day."""
    return _add(Usage(product_id=product.id, metric=metric, day=day, amount=amount))


@unit_of_work
def make_tag(
    organisation: Organisation,
    name: str = "prod",
    colour: Colour = Colour.GREEN,
    products: Iterable[Product] = (),
    **values: Any,
) -> Tag:
    """A tag of the organisation, on these products of it."""
    tag: Tag = _add(Tag(organisation=organisation, name=name, sort_name=fold(name), colour=colour, **values))
    for product in products:
        _add(ProductTag(product_id=product.id, tag_id=tag.id, organisation_id=organisation.id))
    return tag


# --- partnerships -------------------------------------------------------------------------------------------


def _with_rights(products: Mapping[Product, Rights] | Iterable[Product]) -> dict[Product, Rights]:
    return dict(products) if isinstance(products, Mapping) else dict.fromkeys(products, EVERYTHING)


@unit_of_work
def make_partnership(
    client: Organisation,
    partner: PartnerAccount,
    access: Access = Access.LIMITED,
    payer: Payer = Payer.CLIENT,
    products: Mapping[Product, Rights] | Iterable[Product] = (),
    **values: Any,
) -> Partnership:
    """A partnership since ten days; `products` with their rights, or both rights on each, when it is limited."""
    row = {"started_at": NOW - timedelta(days=10), **values}
    row = {"changed_at": row["started_at"], **row}
    if row.get("ended_at"):
        row = {"ended_by_side": Side.CLIENT, **row}
    partnership = _add(
        Partnership(
            client=client,
            partner=partner,
            partner_organisation_id=partner.organisation_id,
            access=access,
            payer=payer,
            **row,
        )
    )
    _add(
        PartnershipChange(
            partnership=partnership,
            at=row["started_at"],
            side=Side.PARTNER,
            what="started",
            detail=access.value,
        )
    )
    for product, rights in _with_rights(products).items():
        make_grant(partnership, product, rights, ended_at=partnership.ended_at)
    return partnership


@unit_of_work
def make_grant(
    partnership: Partnership, product: Product, rights: Rights = EVERYTHING, **values: Any
) -> ProductGrant:
    """The limited partner manages this product."""
    row = {"granted_at": partnership.started_at, **values}
    return _add(
        ProductGrant(
            partnership_id=partnership.id,
            product_id=product.id,
            client_id=partnership.client_id,
            technical=rights.technical,
            statistical=rights.statistical,
            **row,
        )
    )


@unit_of_work
def make_assignment(partnership: Partnership, member: Membership, **values: Any) -> Assignment:
    """This colleague of the partner looks after the client."""
    row = {"created_at": NOW - timedelta(days=5), **values}
    return _add(Assignment(partnership=partnership, membership=member, **row))


@unit_of_work
def make_invitation(
    direction: Direction,
    partner: PartnerAccount,
    invited_by: User,
    *,
    client: Organisation | None = None,
    products: Mapping[Product, Rights] | Iterable[Product] = (),
    asked: Mapping[Family, Rights] | None = None,
    **values: Any,
) -> Invitation:
    """An invitation that waits since two days: `client` invites the partner and offers `products`, or the partner
    asks `email` for rights by category. Its mailed link is `links.live("partnership", invitation.id)`."""
    to_client = direction is Direction.TO_CLIENT
    row = {
        "email": "somebody@client.example" if to_client else None,
        "language": client.language if client else "en",
        "access": Access.LIMITED,
        "payer": Payer.CLIENT,
        "message": "",
        "created_at": values.get("sent_at", NOW - timedelta(days=2)),
        "sent_at": NOW - timedelta(days=2),
        **values,
    }
    row = {"expires_at": row["sent_at"] + LIFETIME, **row}
    invitation = _add(
        Invitation(
            direction=direction,
            partner=partner,
            client=client,
            invited_by=invited_by,
            products=[
                OfferedProduct(product_id=each.id, technical=rights.technical, statistical=rights.statistical)
                for each, rights in _with_rights(products).items()
            ],
            asked=[
                AskedRights(family=each, technical=rights.technical, statistical=rights.statistical)
                for each, rights in (asked or {}).items()
            ],
            **row,
        )
    )
    links.replace(PURPOSE, invitation.id, expires_at=row["sent_at"] + timedelta(days=365), now=row["sent_at"])
    return invitation


# --- money --------------------------------------------------------------------------------------------------


def make_prepaid(
    organisation: Organisation, minor: int, currency: str | None = None, *, now: datetime = NOW, **values: Any
) -> IncomingTransfer:
    """Money that the organisation has paid in from its bank, in its own currency unless told otherwise."""
    row = {
        "debtor_name": organisation.name,
        "references": (top_up_reference(organisation),),
        "text": "",
        **values,
    }
    return make_waiting_transfer(minor, currency or organisation.currency, now=now, **row)


# --- orders -------------------------------------------------------------------------------------------------


def make_order(
    holder: Organisation,
    *wanted: Wanted | Product,
    acting: Partnership | None = None,
    paid: bool = False,
    **values: Any,
) -> Order:
    """An order placed two days ago as people place it, mails and bookings included; unless told otherwise by
    invoice, of one hosting. A product means its renewal; `paid` by a transfer; `acting` as the holder's partner."""
    lines = [renewal_of(each) if isinstance(each, Product) else each for each in wanted]
    row = {
        "side": Side.PARTNER if acting else Side.CLIENT,
        "method": Method.INVOICE,
        "by": None,
        "now": NOW - timedelta(days=2),
        **values,
    }
    lines = lines or [Wanted(make_plan(), "example.com")]
    order: Order = orders.place(holder, lines, acting=acting, **row)
    if paid:
        key, at = f"made{next(_numbers)}", row["now"]
        payments.book_payment(order, order.missing, booked_on=at.date(), key=key, by=None, now=at)
    return order


# --- affiliation --------------------------------------------------------------------------------------------


def make_affiliate(organisation: Organisation, **values: Any) -> AffiliateAccount:
    """An affiliate since 60 days ago, with a link to the first page."""
    now = values.pop("now", NOW - timedelta(days=60))
    account: AffiliateAccount = affiliation.join(organisation, by=values.pop("by", None), now=now)
    return _set(account, **values) if values else account


def make_customer(account: AffiliateAccount, name: str = "Won AG", **values: Any) -> Organisation:
    """A company that signed up two days ago over the affiliate's link, half an hour after it was followed; it has
    nothing in common with the affiliate."""
    now = values.pop("now", NOW - timedelta(days=2))
    values = {"street": f"Neuweg {next(_numbers)}", "register_number": None, "created_at": now, **values}
    email = f"owner@{slug(name)}-{next(_numbers)}.example"
    owner = make_user(f"{name[:60]} Owner", email=email, created_at=now, verified_at=now)
    customer: Organisation = make_organisation(name, owner=owner, **values)
    visit = Visit(
        account.tag, new_public_id(), now - timedelta(minutes=30), "/", f"192.0.2.{next(_numbers) % 250}"
    )
    affiliation.attribute(customer, person=owner, visit=visit, now=now)
    return customer


@unit_of_work
def _set(row: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(row, name, value)
    return row


@unit_of_work
def make_rate(day: date | None = None, millionths: int = 950_000) -> ExchangeRate:
    """One euro was worth 0.95 francs, three days ago."""
    day = day or (NOW - timedelta(days=3)).date()
    return _add(ExchangeRate(currency="CHF", day=day, millionths=millionths, imported_at=NOW))


# --- payments -----------------------------------------------------------------------------------------------


def make_waiting_transfer(
    minor: int = 12_972, currency: str = "CHF", *, now: datetime = NOW, **values: Any
) -> IncomingTransfer:
    """Money that a statement brought today and that nobody was found for."""
    row = {
        "bank_id": f"made:{next(_numbers)}", "booked_on": now.date(), "amount": Money(minor, currency),
        "debtor_name": "Lumen Optik", "debtor_iban": "CH5604835012345678009", "references": (),
        "text": "Invoice of November", "bank_reference": "", **values,
    }  # fmt: skip
    came = Incoming(**row)
    iban = programme().iban(currency)
    assert iban
    payments.import_statement(Statement(iban, currency, (came,), LeftOut()), by=None, now=now)
    return db.session.query(IncomingTransfer).filter_by(bank_id=came.bank_id).one()


def make_withdrawal(
    organisation: Organisation, by: User, minor: int = 5_000, currency: str | None = None, *,
    kind: WithdrawalKind = WithdrawalKind.IBAN, target: str = "CH5604835012345678009", now: datetime = NOW,
) -> Withdrawal:  # fmt: skip
    """Money of its prepaid account that a representative asked for."""
    withdrawal: Withdrawal = payments.request_withdrawal(
        organisation, Money(minor, currency or organisation.currency), Destination(kind, target),
        key=f"made:{next(_numbers)}", by=by, now=now,
    )  # fmt: skip
    return withdrawal
