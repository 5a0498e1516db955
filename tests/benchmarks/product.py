"""The product as it is served; with KEEP_NOTHING, without the shelves that keep cards and pieces of pages;
with COUNT_ALL, each click is written, however many come."""

from __future__ import annotations

import os

from webapp import create_app
from webapp.affiliation import rules
from webapp.kept import Shelf

app = create_app()
if os.environ.get("KEEP_NOTHING"):
    app.extensions["kept"] = {"cards": Shelf(0), "pieces": Shelf(0)}
if os.environ.get("COUNT_ALL"):
    rules.NETWORK_CLICKS_MOST = rules.CLICKS_MOST = 1_000_000_000
