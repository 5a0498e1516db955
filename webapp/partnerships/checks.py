"""What is asked inside a unit of work before something is written: what is in the way."""

from __future__ import annotations

from webapp.accounts.models import Organisation
from webapp.directory.models import PartnerAccount
from webapp.partnerships import queries, rules
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Access, Picked, Terms
from webapp.products.rules import NotYours
from webapp.unit import lock


def refuse_new(client: Organisation, partner: PartnerAccount, terms: Terms, picked: Picked) -> None:
    """Raises what is in the way of this partnership at this moment (RULES C1–C3); see `begin`."""
    if partner.organisation_id == client.id:
        raise rules.OwnPartner()
    refuse_suspended(partner)
    if queries.active_between(client, partner):
        raise rules.AlreadyPartners(partner=partner.name)
    refuse_terms(client, terms, picked, but=None)


def refuse_suspended(partner: PartnerAccount) -> None:
    """Raises Suspended by what is true now: the operator may be at it at this moment."""
    if lock(partner).suspended_at:
        raise rules.Suspended(partner=partner.name)


def refuse_terms(client: Organisation, terms: Terms, picked: Picked, *, but: Partnership | None) -> None:
    """Raises what another partner of the client has against these terms (RULES C1, C2, C3)."""
    other = queries.full_partner(client, but=but)
    if other and (terms.access is Access.FULL or picked):
        raise rules.FullGiven(partner=other.partner.name)
    if terms.access is Access.FULL:
        if held := queries.holders(client, but=but):
            raise rules.HeldByOthers(held)
        return
    labels = queries.labels_of(client, picked)
    if set(labels) != set(picked):
        raise NotYours()
    for product_id, partner_name in queries.taken(client, picked, but=but).items():
        raise rules.ProductTaken(product=labels[product_id], partner=partner_name)
