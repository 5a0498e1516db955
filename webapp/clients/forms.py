"""What is asked and typed about clients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.accounts.forms import PasswordAgain
from webapp.accounts.models import Membership
from webapp.clients import labels
from webapp.clients.rules import Filters, Order, Status
from webapp.forms import BaseForm, ManyOf, lazy
from webapp.partnerships.labels import ACCESSES
from webapp.partnerships.rules import Access, Payer
from webapp.products.forms import read_search


def read_filters(args: MultiDict[str, str]) -> Filters:
    """The filters of an address; what is unknown counts as "any"."""
    access, payer = args.get("access", ""), args.get("payer", "")
    status, order = args.get("status", ""), args.get("sort", "")
    return Filters(
        q=read_search(args),
        access=access if access in set(Access) else "",
        payer=payer if payer in set(Payer) else "",
        status=Status(status) if status in set(Status) else Status.CURRENT,
        order=Order(order) if order in set(Order) else Order.NAME,
    )


class PeopleForm(BaseForm):
    """Which collaborators look after the client (RULES C13)."""

    people = ManyOf(lazy("Collaborators who look after this client"), choices=())

    def __init__(self, collaborators: list[Membership], assigned: Iterable[int]) -> None:
        chosen = set(assigned)
        super().__init__(data={"people": [each.public_id for each in collaborators if each.id in chosen]})
        self._members = {each.public_id: each for each in collaborators}
        self.people.choices = [(each.public_id, each.user.name) for each in collaborators]

    @property
    def chosen(self) -> list[Membership]:
        """The colleagues who were ticked, after validation."""
        return [self._members[each] for each in self.people.data or ()]


class LeavingForm(PasswordAgain, BaseForm):
    """A page with one button."""


def client_choices() -> dict[str, list[tuple[str, str]]]:
    """The choices of the list's filters by the names that they have in an address."""
    return {
        "access": _choices(ACCESSES),
        "payer": _choices(labels.PAYMENT),
        "status": _choices(labels.STATUSES),
        "sort": _choices(labels.ORDERS),
    }


def _choices(names: dict[Any, Any]) -> list[tuple[str, str]]:
    return [(code.value, str(words)) for code, words in names.items()]
