"""Choosing products and rights over several pages: what is chosen so far, kept as differences in a draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from webapp.accounts.models import Organisation
from webapp.partnerships import queries
from webapp.partnerships.choosable import Choosable, FamilyCount, ProductPage, ProductRow, choosable
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import NOTHING, Access, RightChange, Rights, differences
from webapp.products.rules import Family


@dataclass(frozen=True)
class Ticked:
    """What one page of boxes says: the products that it showed, and those whose boxes were ticked."""

    shown: frozenset[str]
    technical: frozenset[str]
    statistical: frozenset[str]

    def rights_on(self, public_id: str) -> Rights:
        """What was ticked beside this product."""
        return Rights(public_id in self.technical, public_id in self.statistical)


@dataclass
class Selection:
    """What somebody wants a partner to have of a client's products.

    `own` is the partnership that is being changed, None for one that is to begin. `wanted` holds only products
    whose rights differ from what is granted now, by id.
    """

    client: Organisation
    own: Partnership | None = None
    wanted: dict[int, Rights] = field(default_factory=dict)
    _counted: dict[int, Choosable] | None = None

    @classmethod
    def read(cls, kept: Mapping[str, str], client: Organisation, own: Partnership | None = None) -> Selection:
        """As `as_kept` wrote it into a draft."""
        wanted = {int(each): Rights("t" in rights, "s" in rights) for each, rights in kept.items()}
        return cls(client, own if own and own.access is Access.LIMITED else None, wanted)

    @property
    def as_kept(self) -> dict[str, Any]:
        """For a draft's data."""
        return {str(each): "t" * r.technical + "s" * r.statistical for each, r in self.wanted.items()}

    def take(self, ticked: Ticked) -> None:
        """Notes what a page of boxes says; products that can't be chosen are passed over."""
        self._note(
            (product, ticked.rights_on(product.public_id))
            for product in choosable(self.client, own=self.own, public_ids=ticked.shown)
        )

    def take_family(self, family: Family, rights: Rights) -> None:
        """All products of a category, or none of them."""
        products = choosable(self.client, own=self.own, family=family)
        self._note((product, rights) for product in products)

    def _note(self, choices: Iterable[tuple[Choosable, Rights]]) -> None:
        self._counted = None
        for product, rights in choices:
            if rights == product.granted:
                self.wanted.pop(product.id, None)
            else:
                self.wanted[product.id] = rights

    def _differing(self) -> dict[int, Choosable]:
        """The products of `wanted` that can still be chosen."""
        if self._counted is None:
            found = choosable(self.client, own=self.own, ids=self.wanted) if self.wanted else []
            self._counted = {product.id: product for product in found}
        return self._counted

    @property
    def picked(self) -> dict[int, Rights]:
        """Everything that the partner shall have, by the product's id."""
        picked = queries.granted(self.own) if self.own else {}
        picked.update({each: self.wanted[each] for each in self._differing()})
        return {each: rights for each, rights in picked.items() if rights}

    @property
    def changes(self) -> list[tuple[RightChange, str]]:
        """What differs from today, with the product's label, in the order of lists."""
        products = self._differing()
        found = differences(
            {each: product.granted for each, product in products.items()},
            {each: self.wanted[each] for each in products},
        )
        place = {product_id: n for n, product_id in enumerate(products)}
        found.sort(key=lambda change: place[change.product_id])
        return [(change, products[change.product_id].label) for change in found]

    def rights_on(self, row: ProductRow) -> Rights:
        """What the boxes beside this product show."""
        return NOTHING if row.holder else self.wanted.get(row.id, row.granted)

    def counts(self, page: ProductPage) -> dict[Family, FamilyCount]:
        """The page's counts, with what is wanted in place of what is granted."""
        shared = {family: count.shared for family, count in page.families.items()}
        for each, product in self._differing().items():
            if product.family in shared:
                shared[product.family] += bool(self.wanted[each]) - bool(product.granted)
        return {
            family: FamilyCount(family, count.total, shared[family])
            for family, count in page.families.items()
        }
