"""Who entrusts what to whom in the demo, and what they write to each other, each in their own language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.demo import people
from webapp.demo.people import Company, Person
from webapp.partnerships.rules import Access, Payer, Terms
from webapp.products.rules import Family

FULL = Terms(Access.FULL)
WALLET = Terms(Access.FULL, Payer.PARTNER)
LIMITED = Terms(Access.LIMITED)


@dataclass(frozen=True)
class Pact:
    """A client invites a partner, so many days ago, which accepts on the next day.

    `products` are the labels of those that limited access gives, each with `t` (technical) and `s` (statistics).
    """

    client: Company
    partner: Person
    days: int
    terms: Terms = LIMITED
    products: Mapping[str, str] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class Asked:
    """What a partner asks an address for; rights by category with limited access."""

    partner: Person
    email: str
    days: int
    language: str
    terms: Terms
    message: str
    rights: Mapping[Family, str] = field(default_factory=dict)


# --- what is told in one breath ----------------------------------------------------------------------------

ZAHNRADWERK_AND_BERGWERK = Pact(people.ZAHNRADWERK, people.RETO, 880, WALLET, message="Wie am Telefon besprochen: Sie bestellen und verlängern für uns, wir erhalten eine Rechnung im Quartal.")  # fmt: skip
DENTAIRE_AND_LUMIERE = Pact(people.DENTAIRE, people.CAMILLE, 700, WALLET, message="Bonjour Camille, occupez-vous de tout, comme convenu. Merci de nous envoyer une facture par an.")  # fmt: skip
GARAGE_AND_LUMIERE = Pact(people.GARAGE, people.CAMILLE, 585, FULL)  # fmt: skip
FANFARES_AND_LUMIERE = Pact(people.FANFARES, people.CAMILLE, 216, WALLET, message="Chaque section aura son propre site. Vous les commandez et les payez, nous vous remboursons en une fois.")  # fmt: skip
FLEURS_AND_LUMIERE = Pact(people.FLEURS, people.CAMILLE, 195, WALLET, message="Je n’y comprends rien et vous fais confiance. Une seule facture par mois, s’il vous plaît.")  # fmt: skip
CHORVERBAND_AND_PIXEL = Pact(people.CHORVERBAND, people.TOBIAS, 172, WALLET, message="Wie in der Vorstandssitzung beschlossen: Sie richten die Seiten der Chöre ein und rechnen mit dem Verband ab.")  # fmt: skip

PACTS = (
    ZAHNRADWERK_AND_BERGWERK,
    Pact(people.MENUISERIE, people.CAMILLE, 810, products={"gremaud-bois.ch": "t", "gremaud-bois.ch (6 adresses)": "t", "cuisines-gremaud.ch": "t"}),
    DENTAIRE_AND_LUMIERE,
    GARAGE_AND_LUMIERE,
    Pact(people.LAKESIDE, people.CAMILLE, 370, FULL, message="Hi Camille, lovely to have you on board. Please start with the learning platform, term begins in three weeks."),
    Pact(people.DANSE, people.CAMILLE, 320, products={"danse-arabesque.ch": "s", "danse-arabesque.ch (5 adresses)": "s"}),
    Pact(people.HAFENLICHT, people.WIEBKE, 236, FULL),
    FANFARES_AND_LUMIERE,
    FLEURS_AND_LUMIERE,
    CHORVERBAND_AND_PIXEL,
    Pact(people.SCHOOL, people.FIONA, 88, FULL, message="Please look after everything from now on. Invoices still come to the school’s office."),
    Pact(people.FESTIVAL, people.LEA, 16, FULL, message="Votre offre nous a convaincus. Avec cet accès, vous pouvez commencer par la reprise du site."),
)  # fmt: skip

# --- what goes on -------------------------------------------------------------------------------------------

LUMEN_AND_LUMIERE = Pact(
    people.LUMEN, people.CAMILLE, 265,
    products={"lumen-optik.ch": "ts", "staging.lumen-optik.ch": "t"},
    message="Guten Tag Frau Rochat, Inès Monnier kennt unsere Website bereits. Bitte richten Sie zuerst eine Testumgebung ein.",
)  # fmt: skip
LUMEN_AND_BERGWERK = Pact(
    people.LUMEN, people.RETO, 101, products={"k8s-pilot": "t"},
    message="Für den Versuchsbetrieb bis Ende Jahr. Danach entscheiden wir, ob der Onlineshop umzieht.",
)  # fmt: skip
LUMEN_AND_ALPENSERVER = Pact(
    people.LUMEN, people.FLORIAN, 175, products={"vps-zrh-01": "ts"},
    message="Können Sie unseren Server übernehmen? Er braucht nicht viel Pflege, aber regelmässige.",
)  # fmt: skip
ALPENSERVER_REFUSES = (
    "Danke für das Vertrauen. Im Moment habe ich so viele Server, wie ich selbst im Blick behalten kann, und nehme "
    "bis zum Frühling keine neuen an. Fragen Sie gern dann wieder."
)
LUMEN_AND_HEXAGONE = Pact(
    people.LUMEN, people.NADEGE, 33, products={"staging.lumen-optik.ch": "ts"},
    message="Wir suchen jemanden, der unseren Shop vor dem Weihnachtsgeschäft prüft.",
)  # fmt: skip
LUMEN_AND_NORTHBRIDGE = Pact(
    people.LUMEN, people.FIONA, 2, products={"staging.lumen-optik.ch": "ts", "newsletter.lumen-optik.ch": "s"},
    message="Bevor wir über Ihre Offerte entscheiden: Schauen Sie sich bitte die Testumgebung an.",
)  # fmt: skip
THEATRE_AND_LUMIERE = Pact(
    people.THEATRE, people.CAMILLE, 545, products={"trois-quarts.ch": "ts", "trois-quarts.ch (17 adresses)": "t"},
)  # fmt: skip
CAMPING_AND_LUMIERE = Pact(people.CAMPING, people.CAMILLE, 440, FULL)
LIBRAIRIE_AND_LUMIERE = Pact(
    people.LIBRAIRIE, people.CAMILLE, 480,
    products={"librairie-la-marge.ch": "ts", "librairie-la-marge.ch (4 adresses)": "t"},
)  # fmt: skip
BRASSERIE_AND_LUMIERE = Pact(people.BRASSERIE, people.CAMILLE, 240, products={"grand-jorat.ch": "ts"})
AUBERGE_AND_LUMIERE = Pact(people.AUBERGE, people.CAMILLE, 600, FULL)
SOUFFLE_AND_LUMIERE = Pact(people.SOUFFLE, people.CAMILLE, 390, products={"atelier-souffle.ch": "ts"})
SONNENHOF_AND_SEEWERK = Pact(
    people.SONNENHOF, people.STEFAN, 460,
    products={"kinderhaus-sonnenhof.ch": "ts", "kinderhaus-sonnenhof.ch (7 Postfächer)": "t"},
)  # fmt: skip
HORLOGERIE_AND_LUMIERE = Pact(
    people.HORLOGERIE, people.CAMILLE, 12, FULL,
    message="Bonjour, la Menuiserie Gremaud nous a parlé de vous. Nous aimerions vous confier notre site, en entier.",
)  # fmt: skip
EMMA_AND_NORTHBRIDGE = Pact(
    people.EMMAS, people.FIONA, 20, products={"clarke-portraits.com": "ts"},
    message="Would you have a look at why my site is slow on phones?",
)  # fmt: skip

# --- what partners ask for ----------------------------------------------------------------------------------

FONDATION_ASKED = Asked(
    people.CAMILLE, people.ISABELLE.email, 150, "fr", LIMITED,
    "Bonjour Madame Chappuis, pour reprendre votre site il nous faut un accès technique à l’hébergement et aux "
    "adresses. Vous restez propriétaire de tout, et vous pouvez reprendre cet accès quand vous voulez.",
    {Family.WEB: "ts", Family.MAIL: "t", Family.DOMAIN: "t"},
)  # fmt: skip
FONDATION_GRANTS = {"fondation-pre-vert.ch": "t", "fondation-pre-vert.ch (6 adresses)": "t"}
BOULANGERIE_ASKED = Asked(
    people.CAMILLE, people.SOPHIE.email, 6, "fr", FULL,
    "Bonjour Madame Blanc, si notre offre vous convient, cet accès nous permettrait de préparer le déménagement "
    "de vos boîtes sans vous déranger à chaque étape.",
)  # fmt: skip
FROMAGERIE_ASKED = Asked(
    people.CAMILLE, "contact@fromagerie-des-ponts.example", 3, "fr", LIMITED,
    "Comme convenu au marché de samedi : avec cet accès, nous pouvons regarder pourquoi votre formulaire de commande "
    "ne répond plus.",
    {Family.WEB: "t"},
)  # fmt: skip
FESTIVAL_ASKED = Asked(
    people.CAMILLE, people.OLIVIER.email, 12, "fr", LIMITED,
    "Bonjour Monsieur Jeanneret, nous suivons déjà le Théâtre des Trois-Quarts et serions heureux de vous aider pour "
    "vos adresses et votre infolettre.",
    {Family.MAIL: "ts"},
)  # fmt: skip
FESTIVAL_REFUSES = (
    "Merci d’avoir pensé à nous. Nous venons de confier l’ensemble à Kollektiv 9 et en restons là."
)
