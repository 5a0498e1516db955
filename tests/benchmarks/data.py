"""Databases to measure with: the real tables, filled in bulk. The same numbers always make the same rows."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.sessions import SecureCookieSessionInterface

from tests import postgres
from tests.installation import make_schema
from webapp import clock, create_app, kept
from webapp.accounts.models import Membership, Organisation, User, UserSession, token_hash
from webapp.accounts.rules import Kind, Role
from webapp.config import read
from webapp.database import Base, writing
from webapp.directory.models import ListingText, PartnerAccount
from webapp.extensions import db
from webapp.partnerships.models import Partnership, ProductGrant
from webapp.partnerships.rules import Access, Payer
from webapp.products.models import Plan, Product
from webapp.products.rules import Family, Period
from webapp.tenders.models import Tender, TenderRecipient
from webapp.text import fold

SECRET = "a-key-for-benchmarks-0123456789-abcdefghij"
AT_ONCE = 5_000  # rows of one statement

FIRST = (
    "Alpine",
    "Lumière",
    "Zürich",
    "Blue",
    "Café",
    "North",
    "Swift",
    "Röstigraben",
    "Open",
    "Granite",
    "Aare",
)
SECOND = (
    "Digital",
    "Hosting",
    "Systems",
    "Web",
    "Informatik",
    "Cloud",
    "Works",
    "Studio",
    "Networks",
    "Partners",
)
LAST = ("AG", "GmbH", "Sàrl", "SA", "& Co")
PLACES = (
    ("Lausanne", "CH-VD"),
    ("Bern", "CH-BE"),
    ("Zürich", "CH-ZH"),
    ("Genève", "CH-GE"),
    ("Basel", "CH-BS"),
)
SERVICES = ("web", "mail", "cloud", "backup", "shop", "events")
LANGUAGES = ("en", "fr", "de")
TEXT = (
    "We build and look after shops, websites and mail for small companies & associations in the region. "
    "Somebody answers the phone within the hour, and one price a month covers updates, copies and advice."
)
NEEDS = "We want a shop with about 400 articles, in three languages, that our own people can look after. "


def environment(database_url: str, folder: Path, **more: str) -> dict[str, str]:
    """What an operator sets, for a portal with this database."""
    return {
        "MODE": "production",
        "SECRET_KEY": SECRET,
        "BASE_URL": "http://127.0.0.1:8000",
        "DATABASE_URL": database_url,
        "MAIL_URL": f"folder:{folder / 'mail'}",
        "MAIL_FROM": "Helvia Partners <partners@helvia.example>",
        "OPERATOR_NAME": "Helvia",
        "OPERATOR_EMAIL": "desk@helvia.example",
        "LOG_LEVEL": "WARNING",
        **more,
    }


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[Any]:
    """A function name -> address of a new, empty database of this kind."""
    if kind == "sqlite":
        yield lambda name: f"sqlite:///{folder / name}.sqlite3"
        return
    with postgres.server() as server:
        if server is None:
            raise SystemExit("There is no PostgreSQL here: set TEST_DATABASE_URL or install one.")
        made = []

        def address(name: str) -> str:
            made.append(postgres.database(server, f"cordee_bench_{name}"))
            return str(made[-1].__enter__())

        try:
            yield address
        finally:
            for each in made:
                each.__exit__(None, None, None)


def portal(environ: dict[str, str]) -> Flask:
    """The product on an empty database with its tables, in this process."""
    app = create_app(read(environ))
    make_schema(app)
    return app


def _insert(connection: sa.Connection, model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    rows = iter(rows)
    while some := list(islice(rows, AT_ONCE)):
        connection.execute(sa.insert(model), some)


def add_companies(app: Flask, count: int) -> None:
    """So many organisations, each with a person who answers for it."""
    now, numbers = clock.now(), range(1, count + 1)
    tables: list[tuple[type[Base], Iterable[dict[str, Any]]]] = [
        (User, (_person(n, now) for n in numbers)),
        (Organisation, (_organisation(n, now) for n in numbers)),
        (Membership, (_membership(n, now) for n in numbers)),
    ]
    with app.app_context(), write_connection() as connection:
        for model, rows in tables:
            _insert(connection, model, rows)


def add_partners(app: Flask, count: int, *, concerned: int | None = None) -> None:
    """So many listed partners, each with a person; the first `concerned` want every call, the others none."""
    now = clock.now()
    concerned = count if concerned is None else concerned
    numbers = range(1, count + 1)
    tables: list[tuple[type[Base], Iterable[dict[str, Any]]]] = [
        (User, (_person(n, now) for n in numbers)),
        (Organisation, (_organisation(n, now) for n in numbers)),
        (Membership, (_membership(n, now) for n in numbers)),
        (PartnerAccount, (_partner(n, now, wants=n <= concerned) for n in numbers)),
        (ListingText, (_text(n, language) for n in numbers for language in LANGUAGES[: 1 + n % 3])),
    ]
    with app.app_context(), write_connection() as connection:
        for model, rows in tables:
            _insert(connection, model, rows)
        connection.execute(sa.insert(kept.Revision), [{"name": "directory", "stamp": 1}])


def _person(n: int, now: datetime) -> dict[str, Any]:
    return {
        "id": n,
        "public_id": f"u{n:025d}",
        "email": f"person{n}@partner{n}.example",
        "password_hash": "-",
        "name": f"Person {n}",
        "language": LANGUAGES[n % 3],
        "region": "CH",
        "created_at": now,
        "verified_at": now,
    }


def _organisation(n: int, now: datetime) -> dict[str, Any]:
    return {
        "id": n,
        "public_id": f"o{n:025d}",
        "kind": Kind.COMPANY,
        "name": name_of(n),
        "street": "Seestrasse 1",
        "postcode": "8002",
        "city": PLACES[n % 5][0],
        "country": "CH",
        "currency": "CHF",
        "language": LANGUAGES[n % 3],
        "register_number": "CHE-100.155.212",
        "invoice_note": "",
        "programme": "partner",
        "created_at": now,
    }


def _membership(n: int, now: datetime) -> dict[str, Any]:
    return {
        "id": n,
        "public_id": f"m{n:025d}",
        "user_id": n,
        "organisation_id": n,
        "role": Role.LEGAL_REPRESENTATIVE,
        "created_at": now,
    }


def _partner(n: int, now: datetime, *, wants: bool) -> dict[str, Any]:
    name, (city, region) = name_of(n), PLACES[n % 5]
    services = frozenset({SERVICES[n % 6], SERVICES[(n * 5 + 1) % 6], SERVICES[(n // 6) % 6]})
    return {
        "id": n,
        "public_id": f"p{n:025d}",
        "organisation_id": n,
        "approved_at": now - timedelta(days=n % 2000),
        "slug": f"partner-{n}",
        "listed_at": now,
        "name": name,
        "website": f"https://partner{n}.example",
        "city": city,
        "country": "CH",
        "region": region,
        "services": services,
        "languages": frozenset(LANGUAGES[: 1 + n % 3]),
        "changed_at": now,
        "version": 1,
        "sort_name": fold(name),
        "search": fold(f"{name} {city} {TEXT}"),
        "tender_services": frozenset() if wants else frozenset({"events"}),
        "tender_places": frozenset(),
        "tender_languages": frozenset(),
        "tender_least_budget": 0,
        "tender_mail": "at_once",
        "tender_contact_id": n,
    }


def _text(n: int, language: str) -> dict[str, Any]:
    return {"partner_id": n, "language": language, "text": f"{name_of(n)}: {TEXT}"}


def name_of(n: int) -> str:
    """A name such as `Alpine Cloud 17 AG`; the numbers are spread over the alphabet."""
    return f"{FIRST[n % 11]} {SECOND[n % 10]} {n} {LAST[n % 5]}"


def add_tenders(app: Flask, count: int, *, partner_id: int) -> None:
    """So many open calls that went to this partner."""
    now = clock.now()
    numbers = range(1, count + 1)
    with app.app_context(), write_connection() as connection:
        _insert(connection, Tender, (tender(n, now, confirmed=True) for n in numbers))
        _insert(connection, TenderRecipient, ({"tender_id": n, "partner_id": partner_id} for n in numbers))


def tender(n: int, now: datetime, *, confirmed: bool) -> dict[str, Any]:
    """A call for tenders for which a shop is wanted."""
    confirmed_at = now - timedelta(hours=n % 200) if confirmed else None
    return {
        "id": n,
        "public_id": f"t{n:025d}",
        "reference": f"CT-{n:07d}",
        "title": f"A shop for {n} eyeglasses & more",
        "description": NEEDS * 8,
        "language": LANGUAGES[n % 3],
        "services": frozenset({"shop", SERVICES[n % 3]}),
        "reply_languages": frozenset(LANGUAGES[: 1 + n % 3]),
        "country": "CH",
        "region": PLACES[n % 5][1],
        "start": "month",
        "currency": "CHF",
        "budget_least": 1000 * (n % 5),
        "budget_most": 5000 * (1 + n % 5),
        "contact_name": "Vera Visitor",
        "contact_company": None,
        "contact_email": "vera@visitor.example",
        "contact_phone": None,
        "validity_days": 30,
        "sent_at": now,
        "confirmed_at": confirmed_at,
        "closes_at": now + timedelta(days=10 + n % 20) if confirmed else None,
        "opening_mails": True,
    }


CLIENT = 1_000_000  # the number of the first client's organisation and of its person


def add_clients(app: Flask, count: int, *, partner_id: int, products: int) -> None:
    """So many clients of a partner, the first with `products` products of which it has given every second one."""
    now = clock.now()
    plan = {
        "id": 1, "public_id": f"l{1:025d}", "code": "web", "family": Family.WEB, "name_en": "Web hosting",
        "name_fr": "Hébergement web", "name_de": "Webhosting", "period": Period.MONTH, "price_chf": 992,
        "price_eur": 575, "discount": 20, "sliding": True, "affiliates": True, "created_at": now,
    }  # fmt: skip
    numbers = range(CLIENT, CLIENT + count)
    shared = range(1, products + 1, 2)
    tables: list[tuple[type[Base], Iterable[dict[str, Any]]]] = [
        (User, [_person(CLIENT, now)]),
        (Organisation, ({**_organisation(n, now), "programme": None} for n in numbers)),
        (Membership, [_membership(CLIENT, now)]),
        (Plan, [plan]),
        (Product, (_product(n, now) for n in range(1, products + 1))),
        (Partnership, (_partnership(n, partner_id, now) for n in numbers)),
        (ProductGrant, (_grant(n, now) for n in shared)),
    ]
    with app.app_context(), write_connection() as connection:
        for model, rows in tables:
            _insert(connection, model, rows)


def _product(n: int, now: datetime) -> dict[str, Any]:
    label = f"site-{n * 7 % 2003:05d}.example"
    return {
        "id": n, "public_id": public_id("p", n), "organisation_id": CLIENT, "payer_id": CLIENT, "plan_id": 1,
        "family_rank": Family.WEB.rank, "sort_label": label, "label": label, "started_on": now.date(),
        "renews_on": now.date() + timedelta(days=n % 365), "auto_renew": True, "created_at": now,
    }  # fmt: skip


def _partnership(n: int, partner_id: int, now: datetime) -> dict[str, Any]:
    full = n != CLIENT and n % 3 == 0
    return {
        "id": n, "public_id": public_id("s", n), "client_id": n, "partner_id": partner_id,
        "partner_organisation_id": partner_id, "client_sort_name": fold(name_of(n)),
        "access": Access.FULL if full else Access.LIMITED, "payer": Payer.CLIENT,
        "started_at": now - timedelta(days=n % 900), "changed_at": now, "version": 1,
    }  # fmt: skip


def _grant(n: int, now: datetime) -> dict[str, Any]:
    return {
        "partnership_id": CLIENT, "product_id": n, "client_id": CLIENT, "technical": True,
        "statistical": n % 4 == 1, "granted_at": now,
    }  # fmt: skip


def public_id(letter: str, n: int) -> str:
    """26 characters as public ids have them, the same for the same number."""
    digits = "abcdefghij"
    return (letter + "".join(digits[int(digit)] for digit in f"{n:025d}"))[:26]


def add_unconfirmed_tender(app: Flask, n: int) -> None:
    """A call that waits for its confirmation."""
    with app.app_context(), write_connection() as connection:
        _insert(connection, Tender, [tender(n, clock.now(), confirmed=False)])


def signed_in_cookie(app: Flask, user_id: int, path: str) -> str:
    """The header of somebody who has signed in and has seen the page at `path` once."""
    token, now = secrets.token_urlsafe(32), datetime.now(UTC).replace(microsecond=0)
    row = {
        "public_id": f"s{user_id:025d}",
        "user_id": user_id,
        "token_hash": token_hash(token),
        "kept": False,
        "created_at": now,
        "last_seen_at": now,
    }
    with app.app_context(), write_connection() as connection:
        _insert(connection, UserSession, [row])
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    name = app.config["SESSION_COOKIE_NAME"]
    visitor = app.test_client()
    visitor.set_cookie(name, signer.dumps({"_user_id": token, "_fresh": False}), domain="127.0.0.1")
    answer = visitor.get(path, base_url=app.config["SETTINGS"].base_url)
    assert answer.status_code == 200, answer.status
    cookie = visitor.get_cookie(name, domain="127.0.0.1")
    assert cookie is not None
    return f"Cookie: {name}={cookie.value}"


@contextmanager
def write_connection() -> Iterator[sa.Connection]:
    """A transaction that writes: committed at the end."""
    token = writing.set(True)
    try:
        with db.engine.begin() as connection:
            yield connection
    finally:
        writing.reset(token)


def settle(app: Flask) -> None:
    """Lets PostgreSQL learn how its tables look, as it does by itself in time (SQLite does not)."""
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")
        db.engine.dispose()
