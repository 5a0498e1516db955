"""What somebody is changing in a partner's access: kept in a draft from page to page until it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from werkzeug.datastructures import MultiDict

from webapp import drafts
from webapp.drafts import Draft
from webapp.partners import labels, queries
from webapp.partnerships import queries as partnerships
from webapp.partnerships.forms import read_boxes
from webapp.partnerships.labels import change_line
from webapp.partnerships.models import Partnership
from webapp.partnerships.queries import Bars
from webapp.partnerships.rules import NOTHING, Access, Payer, RightChange, Rights, Terms, differences
from webapp.partnerships.selection import Selection

DRAFT = "access"


@dataclass
class Edit:
    """Changes that are not saved yet. `version` is the partnership as the person saw it; `access` and `payer`
    are None where nothing was chosen that differs from that. `by` is the person's public id."""

    partnership: Partnership
    by: str
    key: str
    version: int
    selection: Selection
    access: Access | None = None
    payer: Payer | None = None

    @classmethod
    def begun(cls, partnership: Partnership, by: str) -> Edit:
        """Nothing is changed yet, and nothing kept."""
        selection = Selection.read({}, partnership.client, partnership)
        return cls(partnership, by, drafts.new_key(), partnership.version, selection)

    @classmethod
    def kept(cls, partnership: Partnership, draft: Draft, by: str, key: str) -> Edit:
        """What the draft holds."""
        data = draft.data
        return cls(
            partnership,
            by,
            key,
            data["version"],
            Selection.read(data["wanted"], partnership.client, partnership),
            Access(data["access"]) if data["access"] else None,
            Payer(data["payer"]) if data["payer"] else None,
        )

    def keep(self, *, now: datetime) -> None:
        """Writes it into its draft."""
        data = {
            "partnership": self.partnership.public_id, "by": self.by, "version": self.version,
            "wanted": self.selection.as_kept, "access": self.access or "", "payer": self.payer or "",
        }  # fmt: skip
        drafts.save(DRAFT, self.key, data, now=now)

    # --- what is wanted

    def take(self, form: MultiDict[str, str]) -> None:
        """Notes what one page of the editor says. What the person did not touch stays as others left it."""
        typed = form.get("version", "")
        if typed.isascii() and typed.isdigit() and 0 < int(typed[:9]) <= self.partnership.version:
            self.version = int(typed[:9])
        before = queries.as_of(self.partnership, self.version)
        if form.get("access") in set(Access):
            chosen = Access(form["access"])
            self.access = None if chosen is before.access else chosen
        if form.get("payer") in set(Payer):
            self.payer = Payer(form["payer"])
        read_boxes(self._touched(form, before), self.selection)

    def _touched(self, form: MultiDict[str, str], before: queries.Before) -> MultiDict[str, str]:
        """The form without the boxes that say what they said when the page was shown, before others changed it."""
        shown, technical, statistical = (
            set(form.getlist(name)) for name in ("shown", "technical", "statistical")
        )
        untouched = set()
        for public_id, product_id in before.public_ids.items():
            ticked = Rights(public_id in technical, public_id in statistical)
            if public_id in shown and ticked == before.rights[product_id]:
                untouched.add(public_id)
                self.selection.wanted.pop(product_id, None)
        pairs = form.items(multi=True)
        return MultiDict(pair for pair in pairs if not (pair[0] == "shown" and pair[1] in untouched))

    @property
    def stale(self) -> bool:
        """Whether somebody has changed the partnership since the person saw it."""
        return self.version != self.partnership.version

    @property
    def terms(self) -> Terms:
        """Access and payment method as they would be."""
        access = self.access or self.partnership.access
        if access is Access.LIMITED:
            return Terms(access)
        return Terms(access, self.payer or Payer.CLIENT) if self.becomes_full else self.partnership.terms

    @property
    def becomes_full(self) -> bool:
        """From limited to full: what asks for the password."""
        return self.access is Access.FULL and self.partnership.access is Access.LIMITED

    @property
    def becomes_limited(self) -> bool:
        """From full to limited: what asks for products."""
        return self.access is Access.LIMITED and self.partnership.access is Access.FULL

    @cached_property
    def picked(self) -> dict[int, Rights]:
        """The products with their rights as they would be; none with full access."""
        return self.selection.picked if self.terms.access is Access.LIMITED else {}

    @cached_property
    def bars(self) -> Bars:
        """The client's other partners that may stand in the way (RULES C3)."""
        return partnerships.bars(self.partnership.client, but=self.partnership)

    @property
    def barred(self) -> bool:
        """Whether one of them does: nobody has anything beside full access."""
        full = self.terms.access is Access.FULL
        return (self.bars.full is not None and (full or bool(self.picked))) or (
            full and bool(self.bars.holders)
        )

    @property
    def empties(self) -> bool:
        """Whether the last product of a limited partner would go (RULES C9)."""
        stays_limited = self.terms.access is Access.LIMITED and not self.becomes_limited
        return stays_limited and bool(self.lines) and not self.picked

    # --- in words

    @property
    def rights(self) -> list[tuple[RightChange, str]]:
        """The rights that change, each with the product's label; none with full access."""
        return self.selection.changes if self.terms.access is Access.LIMITED else []

    @property
    def lines(self) -> list[str]:
        """Each change in few words."""
        rights = [change_line(each.right, product, given=each.given) for each, product in self.rights]
        return [*self._kind_lines(self.becomes_full, self.becomes_limited), *rights]

    @property
    def sentences(self) -> list[str]:
        """Each change as a sentence."""
        partner = self.partnership.partner.name
        kinds = []
        if self.becomes_full:
            kinds = labels.full_sentences(partner, self.terms.payer)
        if self.becomes_limited:
            kinds = [labels.limited_sentence(partner)]
        return [*kinds, *(labels.right_sentence(each, product, partner) for each, product in self.rights)]

    @property
    def lines_as_seen(self) -> list[str]:
        """Each change in few words, against what the person saw before others changed it."""
        before = queries.as_of(self.partnership, self.version)
        granted = partnerships.granted(self.partnership) if self.partnership.access is Access.LIMITED else {}
        wanted = self.selection.wanted
        base = {each: before.rights.get(each, granted.get(each, NOTHING)) for each in wanted}
        products = partnerships.active_products(self.partnership.client, wanted)
        rights = [
            change_line(each.right, products[each.product_id].label, given=each.given)
            for each in differences(base, wanted)
            if each.product_id in products
        ]
        kinds = self._kind_lines(self.access is Access.FULL, self.access is Access.LIMITED)
        return [*kinds, *([] if self.access is Access.FULL else rights)]

    def _kind_lines(self, full: bool, limited: bool) -> list[str]:
        if full:
            return labels.full_lines(self.payer or Payer.CLIENT)
        return [labels.limited_line()] if limited else []
