"""What tests of affiliation stand on beside tests/conftest.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask


@pytest.fixture
def policy(app: Flask) -> Iterator[Callable[..., None]]:
    """Changes what the policy says of affiliation, for the test: `policy(consent_required=False)`."""
    whole = app.config["PROGRAMME"]

    def change(**values: object) -> None:
        app.config["PROGRAMME"] = replace(whole, affiliation=replace(whole.affiliation, **values))

    yield change
    app.config["PROGRAMME"] = whole
