"""The directory as somebody would write it by hand for speed: two SQL texts, plain rows, Jinja.

It reads the product's own tables, so that both show the same 25 partners. It has one language, no filter that
works, no kept pages, no sign-in and no headers of its own; its connection stays open, one per thread.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

from flask import Flask, render_template

URL = os.environ["DATABASE_URL"]
SERVICES = {
    "web": "Websites and hosting",
    "mail": "Mail",
    "cloud": "Cloud servers",
    "backup": "Backup",
    "shop": "Online shops",
    "events": "Events and ticketing",
}
PLACES = {"CH-VD": "Vaud", "CH-BE": "Bern", "CH-ZH": "Zurich", "CH-GE": "Geneva", "CH-BS": "Basel-Stadt"}
MENU = (
    ("/partners", "Find a partner"),
    ("/tenders/new", "Call for tenders"),
    ("/become", "Become a partner"),
    ("/sign-in", "Sign in"),
)
PAGE = """
    SELECT p.slug, p.name, p.city, p.region, p.services, p.languages, t.text,
           substr(CAST(p.approved_at AS TEXT), 1, 4) AS since
    FROM partner_accounts p LEFT JOIN listing_texts t ON t.partner_id = p.id AND t.language = 'en'
    WHERE p.listed_at IS NOT NULL AND p.suspended_at IS NULL
    ORDER BY p.sort_name, p.id LIMIT 25
"""
COUNT = "SELECT count(*) AS n FROM partner_accounts WHERE listed_at IS NOT NULL AND suspended_at IS NULL"

app = Flask(__name__, template_folder="templates")
own = threading.local()


def connection() -> Any:
    """This thread's connection."""
    if not hasattr(own, "connection"):
        if URL.startswith("sqlite"):
            own.connection = sqlite3.connect(URL.removeprefix("sqlite:///"), isolation_level=None)
            own.connection.row_factory = sqlite3.Row
        else:
            from psycopg import Connection
            from psycopg.rows import DictRow, dict_row

            own.connection = Connection[DictRow].connect(
                URL.replace("+psycopg", ""), autocommit=True, row_factory=dict_row
            )
    return own.connection


@app.get("/partners")
def directory() -> str:
    """The first 25 partners."""
    partners = connection().execute(PAGE).fetchall()
    count = connection().execute(COUNT).fetchone()["n"]
    return render_template(
        "raw_page.html", partners=partners, count=count, services=SERVICES, places=PLACES, menu=MENU
    )


@app.get("/partners/<slug>")
def profile(slug: str) -> str:
    """Only there to be linked to."""
    return slug
