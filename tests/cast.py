"""The people of the tests. All have the password `factories.PASSWORD`.

Lumen Optik AG, a client in Bern: Nadia (legal representative), Adam (administrator), Hugo (collaborator).
Lumière Digital Sàrl, a partner in Vaud: Pierre (legal representative), Paula (collaborator).
Bergwerk IT GmbH, a partner in Germany: Berta (legal representative).
Stefan has a company of his own and is a stranger to all of them. Olga is the operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from tests.factories import join, make_organisation, make_partner, make_plan, make_product, make_user
from tests.times import NOW
from webapp.accounts.models import Organisation, User
from webapp.accounts.rules import Role
from webapp.directory.models import PartnerAccount
from webapp.products.models import Product
from webapp.products.rules import Family
from webapp.unit import unit_of_work


@dataclass(frozen=True)
class Cast:
    """Everybody, their organisations, and the accounts of the two that are partners."""

    olga: User
    nadia: User
    adam: User
    hugo: User
    pierre: User
    paula: User
    berta: User
    stefan: User
    lumen: Organisation
    lumiere: Organisation
    bergwerk: Organisation
    stefans: Organisation
    lumiere_partner: PartnerAccount
    bergwerk_partner: PartnerAccount


@unit_of_work
def assemble() -> Cast:
    """Puts everybody into the database."""
    olga = make_user("Olga Ott", email="olga@helvia.example", operator_since=NOW - timedelta(days=400))
    nadia = make_user("Nadia Noser", email="nadia@lumen.example", language="de")
    adam = make_user("Adam Ammann", email="adam@lumen.example", language="de")
    hugo = make_user("Hugo Huber", email="hugo@lumen.example", language="de")
    pierre = make_user("Pierre Perret", email="pierre@lumiere.example", language="fr")
    paula = make_user("Paula Piguet", email="paula@lumiere.example", language="fr")
    berta = make_user("Berta Baum", email="berta@bergwerk.example", language="de", region="DE")
    stefan = make_user("Stefan Stranger", email="stefan@stranger.example", language="en", region="CH")
    lumen = make_organisation("Lumen Optik AG", owner=nadia)
    join(adam, lumen, Role.ADMINISTRATOR)
    join(hugo, lumen, Role.COLLABORATOR)
    lumiere = make_organisation(
        "Lumière Digital Sàrl", owner=pierre, language="fr",
        street="Rue du Lac 7", postcode="1800", city="Vevey", register_number="CHE-105.962.535",
    )  # fmt: skip
    join(paula, lumiere, Role.COLLABORATOR)
    bergwerk = make_organisation(
        "Bergwerk IT GmbH", owner=berta, country="DE",
        street="Zechenweg 3", postcode="45127", city="Essen", register_number="HRB 12345",
    )  # fmt: skip
    stefans = make_organisation("Stranger & Sons", owner=stefan, language="en", register_number=None)
    return Cast(
        olga, nadia, adam, hugo, pierre, paula, berta, stefan, lumen, lumiere, bergwerk, stefans,
        lumiere_partner=make_partner(
            lumiere, slug="lumiere-digital-sarl", region="CH-VD", services=frozenset({"web", "shop"}),
            texts={"fr": "Nous construisons des boutiques.", "en": "We build shops."},
        ),
        bergwerk_partner=make_partner(
            bergwerk, slug="bergwerk-it-gmbh", region="DE-NW", services=frozenset({"web", "cloud", "backup"}),
            languages=frozenset({"de"}), texts={"de": "Server für den Mittelstand."},
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Products:
    """What Lumen Optik has, in the order of lists: two sites, its mail, a server, a domain."""

    site: Product
    shop: Product
    post: Product
    server: Product
    domain: Product


@unit_of_work
def stock(client: Organisation) -> Products:
    """Gives them to the organisation."""
    web = make_plan("web-pro", Family.WEB, name="Web hosting Pro")
    return Products(
        site=make_product(client, "lumen-optik.ch", web),
        shop=make_product(client, "shop.lumen-optik.ch", web),
        post=make_product(
            client, "mail.lumen-optik.ch", make_plan("mail-team", Family.MAIL, name="Mail Team")
        ),
        server=make_product(client, "vps-zrh-01", make_plan("vps-4", Family.CLOUD, name="VPS 4")),
        domain=make_product(
            client, "lumen-optik.swiss", make_plan("swiss", Family.DOMAIN, name="Domain .swiss")
        ),
    )
