"""What a client has chosen so far on the pages by which it adds a partner; kept in a draft (RULES C6)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from webapp.accounts.models import Organisation
from webapp.directory.models import PartnerAccount
from webapp.invitations import queries
from webapp.invitations.rules import Step, steps
from webapp.partnerships import queries as partnerships
from webapp.partnerships.rules import Access, Payer, Rights, Terms
from webapp.partnerships.selection import Selection


@dataclass(frozen=True)
class Lost:
    """A product that was chosen and can't be given any more; `holder` is the partner that manages it by now."""

    product: str
    holder: str


@dataclass
class Choice:
    """The answers of all pages. An answer that is still open is None."""

    client: Organisation
    products: Selection
    partner: PartnerAccount | None = None
    access: Access | None = None
    payer: Payer | None = None
    message: str = ""

    @classmethod
    def read(cls, kept: Mapping[str, Any], client: Organisation) -> Choice:
        """As `as_kept` wrote it into a draft."""
        access, payer = kept.get("access"), kept.get("payer")
        return cls(
            client,
            Selection.read(kept.get("products", {}), client),
            partner=queries.partner_by_public_id(kept["partner"]) if kept.get("partner") else None,
            access=Access(access) if access else None,
            payer=Payer(payer) if payer else None,
            message=kept.get("message", ""),
        )

    @property
    def as_kept(self) -> dict[str, Any]:
        """For a draft's data."""
        return {
            "partner": self.partner.public_id if self.partner else None,
            "access": self.access,
            "payer": self.payer,
            "products": self.products.as_kept,
            "message": self.message,
        }

    @property
    def steps(self) -> tuple[Step, ...]:
        """The pages of this way."""
        return steps(self.access)

    @property
    def missing(self) -> Step | None:
        """The first page without an answer."""
        answers = {
            Step.WHO: self.partner,
            Step.ACCESS: self.access,
            Step.PRODUCTS: self.access is Access.FULL or self.picked,
            Step.WALLET: self.payer,
            Step.CHECK: True,
        }
        return next((step for step in self.steps if not answers[step]), None)

    @property
    def terms(self) -> Terms:
        """Access and payment method; only full access leaves a choice (RULES C5)."""
        full = self.access is Access.FULL
        return Terms(Access.FULL, self.payer or Payer.CLIENT) if full else Terms(Access.LIMITED)

    @property
    def picked(self) -> dict[int, Rights]:
        """The products with their rights, when access is limited; those that can still be given."""
        return {} if self.access is Access.FULL else self.products.picked

    @property
    def lost(self) -> list[Lost]:
        """What was picked and has gone to another partner meanwhile."""
        if self.access is Access.FULL:
            return []
        gone = [each for each in self.products.wanted if each not in self.picked]
        names = partnerships.active_products(self.client, gone)
        taken = partnerships.taken(self.client, gone)
        return [Lost(product.label, taken[each]) for each, product in names.items() if each in taken]

    @property
    def stamp(self) -> str:
        """Another one whenever something else would be sent: the check page carries what it showed."""
        picked = sorted((each, rights.technical, rights.statistical) for each, rights in self.picked.items())
        partner = self.partner.public_id if self.partner else ""
        text = json.dumps([partner, self.terms.access, self.terms.payer, picked])
        return hashlib.sha256(text.encode()).hexdigest()[:16]
