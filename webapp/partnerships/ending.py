"""Ending a partnership, the same for both sides: what it means, the password, what was done (RULES C11).

The first page leaves a mark in the session, for one partnership and ten minutes, that opens the second one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import session, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock
from webapp.accounts.access import person
from webapp.accounts.queries import Member
from webapp.accounts.rules import WrongPassword
from webapp.htmx import go, render, wants_fragment
from webapp.partnerships import actions, queries
from webapp.partnerships.forms import EndForm
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import END_STEP, Ended, Side

MARK = "ending"


@dataclass(frozen=True)
class Ending:
    """A partnership that one side is about to end. `place` is the feature whose pages show it: it has the
    endpoints `index`, `show`, `end`, `end_password` and `ended`, with the public id as `name`."""

    partnership: Partnership
    membership: Member
    side: Side

    @property
    def place(self) -> str:
        """The key of the menu entry, too."""
        return "partners" if self.side is Side.CLIENT else "clients"

    @property
    def other(self) -> str:
        """How the other side is called."""
        partnership = self.partnership
        return partnership.partner.name if self.side is Side.CLIENT else partnership.client.name

    @property
    def reference(self) -> str:
        """By which both sides can name it."""
        return f"P-{self.partnership.public_id[:8].upper()}"

    def address(self, page: str) -> str:
        """Where one of its pages is."""
        name = "partner" if self.side is Side.CLIENT else "client"
        values: dict[str, Any] = {
            "org": self.membership.org.public_id,
            name: self.partnership.public_id,
        }
        return url_for(f"{self.place}.{page}", **values)

    def page(
        self, template: str, *, fragment: str | None = None, status: int = 200, **values: object
    ) -> AnyResponse:
        """One of its pages."""
        return render(
            template, fragment=fragment, status=status, membership=self.membership, place=self.place,
            ending=self, reach=queries.within_reach(self.partnership), **values,
        )  # fmt: skip


def first_page(ending: Ending) -> AnyResponse:
    """What stops, what stays, and that it can't be undone."""
    if ending.partnership.ended_at:
        return go(ending.address("ended"))
    return ending.page("partnerships/end.html")


def go_on(ending: Ending) -> AnyResponse:
    """The first page was read: opens the second one."""
    until = clock.now() + END_STEP
    session[MARK] = [ending.side.value, ending.partnership.public_id, int(until.timestamp())]
    return go(ending.address("end_password"))


def _may_go_on(ending: Ending) -> bool:
    mark = session.get(MARK)
    if not mark or mark[:2] != [ending.side.value, ending.partnership.public_id]:
        return False
    return bool(clock.now().timestamp() < mark[2])


def second_page(ending: Ending) -> AnyResponse:
    """The password, which ends the partnership at once."""
    if ending.partnership.ended_at:
        return go(ending.address("ended"))
    if not _may_go_on(ending):
        return go(ending.address("end"))
    form = EndForm(ending.partnership)
    if form.validate_on_submit() and _end(ending, form):
        session.pop(MARK, None)
        return go(ending.address("ended"))
    # HTMX takes nothing but 422 for an answer to show
    status = 200 if not form.is_submitted() else 422 if wants_fragment() else form.status
    return ending.page(
        "partnerships/end_password.html", fragment="partnerships/_pwform.html", status=status, form=form
    )


def _end(ending: Ending, form: EndForm) -> bool:
    """Whether it has ended, by this request or by another that was faster."""
    try:
        actions.end(
            ending.partnership, side=ending.side, seen_hash=form.seen_hash, by=person(), now=clock.now()
        )
    except Ended:
        pass
    except WrongPassword as refusal:
        form.blame("password", refusal)
        return False
    return True


def last_page(ending: Ending) -> AnyResponse:
    """When it ended, by whom, and what next."""
    if not ending.partnership.ended_at:
        return go(ending.address("show"))
    change = queries.last_change(ending.partnership)
    own = change is not None and change.side is ending.side
    by = change.person.name if change and change.person and own else ending.other
    return ending.page("partnerships/ended.html", ended_by=by)
