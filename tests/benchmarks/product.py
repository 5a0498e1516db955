"""The product as it is served; with KEEP_NOTHING, without the shelves that keep cards and pieces of pages."""

from __future__ import annotations

import os

from webapp import create_app
from webapp.kept import Shelf

app = create_app()
if os.environ.get("KEEP_NOTHING"):
    app.extensions["kept"] = {"cards": Shelf(0), "pieces": Shelf(0)}
