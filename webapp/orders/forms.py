"""What may be typed about orders, and what an address asks of their lists."""

from __future__ import annotations

from typing import Any

from werkzeug.datastructures import MultiDict

from webapp.forms import Amount, BaseForm, HiddenField, Line, lazy, needed
from webapp.i18n import money
from webapp.money import Money
from webapp.orders import rules
from webapp.orders.models import Order, OrderLine
from webapp.orders.queries import Refund
from webapp.orders.rules import Shown, Standing

WHOLE = "whole"  # what the button says that refunds everything


def read_standing(args: MultiDict[str, str]) -> Standing | None:
    """Which orders an organisation's list shows; None for all."""
    asked = args.get("state", "")
    return Standing(asked) if asked in set(Standing) else None


def read_shown(args: MultiDict[str, str]) -> Shown | None:
    """Which orders the operator's list shows; None for all."""
    asked = args.get("state", "")
    return Shown(asked) if asked in set(Shown) else None


class CancellationForm(BaseForm):
    """Why the operator cancels an order: its payer reads it on the credit note."""

    reason = Line(
        lazy("Reason"), [needed(lazy("Enter the reason. The credit note says it."))], most=rules.REASON_LENGTH
    )


class RefundForm(BaseForm):
    """How much of each line is refunded, net; `of` makes one with a field for each line that has something left."""

    do = HiddenField()  # the button that was pressed
    reason = Line(
        lazy("Reason"), [needed(lazy("Enter the reason. The credit note says it."))], most=rules.REASON_LENGTH
    )
    by_line: dict[int, OrderLine]  # by its position

    @classmethod
    def of(cls, order: Order) -> RefundForm:
        """The form for this order."""
        lines = {line.position: line for line in order.lines if line.left.minor}
        fields = {f"amount_{n}": Amount(line.label) for n, line in lines.items()}
        form: RefundForm = type("RefundForm", (cls,), {**fields, "by_line": lines})()
        return form

    @property
    def lines(self) -> list[tuple[OrderLine, Any]]:
        """Each line with its field."""
        return [(line, self[f"amount_{n}"]) for n, line in self.by_line.items()]

    def validate(self, extra_validators: Any = None) -> bool:
        """Amounts within what is left of each line, and one of them at least."""
        if self.do.data == WHOLE:
            for line, field in self.lines:
                field.process_data(line.left)
        good = super().validate(extra_validators)
        for line, field in self.lines:
            if (field.minor or 0) > line.left.minor:
                self.blame(field.name, rules.TooMuchCredited(amount=money(line.left)))
                good = False
        if good and not self.amounts:
            self.refuse(rules.NothingCredited())
            return False
        if good and self._refund.empties:
            self.refuse(rules.CancelInstead())
            return False
        return good

    @property
    def _refund(self) -> Refund:
        order = next(iter(self.by_line.values())).order
        return Refund(order, {line_id: order.money(minor) for line_id, minor in self.amounts.items()})

    @property
    def amounts(self) -> dict[int, int]:
        """Minor units by the line's id, after validation."""
        return {line.id: field.minor for line, field in self.lines if field.minor}

    def as_data(self, order: Order) -> dict[str, Any]:
        """What the check page keeps."""
        return {
            "order": order.public_id,
            "amounts": {str(line_id): minor for line_id, minor in self.amounts.items()},
            "reason": self.reason.data,
            "credited": order.credited,
        }


def refunded_amounts(order: Order, data: dict[str, Any]) -> dict[int, Money]:
    """What a kept form asked for, by the line's id."""
    return {int(line_id): order.money(minor) for line_id, minor in data["amounts"].items()}
