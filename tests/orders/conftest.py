"""What most tests of orders begin with."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories import make_partnership, make_plan
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Access, Payer
from webapp.products.models import Plan


@pytest.fixture
def plan(app: Any) -> Plan:
    """CHF 120 or EUR 110 a year, 20 per cent for partners."""
    return make_plan()


@pytest.fixture
def full(cast: Any) -> Partnership:
    """Lumière has full access to Lumen, which pays for itself."""
    return make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL)


@pytest.fixture
def wallet(cast: Any) -> Partnership:
    """Lumière has full access to Lumen, and pays for what it orders for it."""
    return make_partnership(cast.lumen, cast.lumiere_partner, Access.FULL, Payer.PARTNER)
