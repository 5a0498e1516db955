"""The demo for tests: in demo mode, with its story told once per module."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.client import ProofreadingClient
from tests.conftest import settings_for_tests
from tests.installation import make_schema
from webapp import create_app
from webapp.demo import story
from webapp.extensions import db


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The demo on SQLite."""
    folder = tmp_path_factory.mktemp("demo")
    settings = replace(settings_for_tests(f"sqlite:///{folder / 'demo.sqlite3'}", folder), mode="demo")
    app = create_app(settings, synchronous="OFF")
    make_schema(app)
    with app.app_context():
        story.tell(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def visitor(demo: Flask) -> FlaskClient:
    """A browser that proofreads."""
    return ProofreadingClient(demo, demo.response_class)


@pytest.fixture
def mail_program(demo: Flask) -> FlaskClient:
    """A browser that takes pages as they are: mails are written by other rules."""
    return FlaskClient(demo, demo.response_class)
