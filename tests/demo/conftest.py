"""The demo for tests: in demo mode, with its story told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.client import ProofreadingClient
from tests.conftest import settings_for_tests
from tests.installation import make_schema
from webapp import create_app
from webapp.demo import story
from webapp.extensions import db

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All who look at a story run where it is told: the telling takes longer than whatever they do."""
    for item in items:
        if item.path.parent == HERE and item.path.stem != "test_serve":
            database = item.callspec.params.get("installation", "") if hasattr(item, "callspec") else ""
            item.add_marker(pytest.mark.xdist_group(f"story {database}"))


def _demo_in(folder: Path) -> Flask:
    settings = replace(settings_for_tests(f"sqlite:///{folder / 'demo.sqlite3'}", folder), mode="demo")
    return create_app(settings, synchronous="OFF")


@pytest.fixture(scope="session")
def told_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database and the mail of the demo, on SQLite, its story told."""
    folder = tmp_path_factory.mktemp("told")
    app = _demo_in(folder)
    make_schema(app)
    with app.app_context():
        story.tell(app)
        db.engine.dispose()
    return folder


@pytest.fixture(scope="module")
def demo(told_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The demo, the module's own copy."""
    app = _demo_in(shutil.copytree(told_once, tmp_path_factory.mktemp("demo"), dirs_exist_ok=True))
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
