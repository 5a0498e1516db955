"""Who lives in the demo: people, clients, partners and applicants. All made up; mail goes to `.example` alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from webapp.accounts.rules import Kind, Role
from webapp.i18n import lazy

ADMINISTRATOR, COLLABORATOR, LEGAL = Role.ADMINISTRATOR, Role.COLLABORATOR, Role.LEGAL_REPRESENTATIVE


@dataclass(frozen=True)
class Person:
    """Somebody with an account; `language` is the one of their mails."""

    name: str
    email: str
    language: str
    region: str = "CH"


@dataclass(frozen=True)
class Company:
    """An organisation with its team; the first of them founds it here. An individual has a team of one."""

    name: str
    street: str
    postcode: str
    city: str
    country: str
    language: str
    team: tuple[tuple[Person, Role], ...]
    register_number: str = ""
    kind: Kind = Kind.COMPANY
    vat_number: str = ""


@dataclass(frozen=True)
class Partner:
    """A company with its listing in the directory and the calls that it wants."""

    company: Company
    listed_as: str
    website: str
    region: str
    services: tuple[str, ...]
    languages: tuple[str, ...]
    texts: Mapping[str, str]
    years: float  # a partner since
    about: str  # what it wrote when it applied
    logo: str = ""  # a shape and a colour, see `drawings`
    wants: Mapping[str, object] = field(
        default_factory=dict
    )  # other preferences than "everything we do, at once"


@dataclass(frozen=True)
class Applicant:
    """A company that wants to become a partner."""

    company: Company
    website: str
    about: str


@dataclass(frozen=True)
class Shown:
    """Somebody whom the demo offers to sign in as, and what there is to see; an operator has no role."""

    person: Person
    role: Role | None
    place: str
    sees: object  # in the reader’s language when it is shown


JULES = Person("Jules Monod", "jules@reseau-cafe.example", "fr")
JANA = Person("Jana Ostermann", "jana@blattwerk-medien.example", "de", "DE")
OLGA = Person("Olga Brunner", "olga.brunner@helvia.example", "en")

# --- partners -----------------------------------------------------------------------------------------------

CAMILLE = Person("Camille Rochat", "camille.rochat@lumiere-digital.example", "fr")
JULIEN = Person("Julien Favre", "julien.favre@lumiere-digital.example", "fr")
INES = Person("Inès Monnier", "ines.monnier@lumiere-digital.example", "fr")
RETO = Person("Reto Ammann", "reto.ammann@bergwerk-it.example", "de")
SABINE = Person("Sabine Vogt", "sabine.vogt@bergwerk-it.example", "de")
WIEBKE = Person("Wiebke Petersen", "wiebke@atelier-nord.example", "de", "DE")
LEA = Person("Lea Zbinden", "lea@kollektiv9.example", "de")
YANNICK = Person("Yannick Moser", "yannick@kollektiv9.example", "fr")
MARC = Person("Marc Dufour", "marc.dufour@datafort.example", "fr")
TOBIAS = Person("Tobias Lang", "tobias@pixelwerkstatt.example", "de", "DE")
NADEGE = Person("Nadège Perrin", "nadege.perrin@hexagone.example", "fr", "FR")
AURELIEN = Person("Aurélien Le Goff", "aurelien@studio-garance.example", "fr", "FR")
KATHARINA = Person("Katharina Hofer", "k.hofer@donauweb.example", "de", "AT")
FLORIAN = Person("Florian Gstrein", "florian@alpenserver.example", "de", "AT")
PATRIK = Person("Patrik Marxer", "patrik.marxer@rheintal-systems.example", "de", "LI")
FIONA = Person("Fiona Gallagher", "fiona@northbridge.example", "en")
STEFAN = Person("Stefan Bühler", "stefan.buehler@seewerk-medien.example", "de")

PARTNERS = (
    Partner(
        Company(
            "Lumière Digital Sàrl", "Avenue de la Gare 24", "1003", "Lausanne", "CH", "fr",
            ((CAMILLE, LEGAL), (JULIEN, ADMINISTRATOR), (INES, COLLABORATOR)), "CHE-526.018.151", vat_number="CHE-526.018.151 TVA",
        ),
        "Lumière Digital", "https://www.lumiere-digital.example/", "CH-VD",
        ("web", "mail", "backup"), ("fr", "en"),
        {
            "fr": "Sites, boutiques et migrations de messagerie pour les petites entreprises de Suisse romande. "
            "Vous parlez toujours à la même personne, et votre site reste à vous.",
            "en": "Websites, shops and mail migrations for small companies in French-speaking Switzerland. "
            "You always talk to the same person, and your site stays yours.",
        },
        8.2,
        "Nous créons des sites depuis 2014 et suivons une soixantaine de clients, surtout des commerces et des "
        "cabinets. Nous assurons nous-mêmes l’assistance, par téléphone, du lundi au samedi.",
        logo="sun:#c2410c",
    ),
    Partner(
        Company(
            "Bergwerk IT GmbH", "Zürcherstrasse 41", "8400", "Winterthur", "CH", "de",
            ((RETO, LEGAL), (SABINE, COLLABORATOR)), "CHE-908.301.668", vat_number="CHE-908.301.668 MWST",
        ),
        "Bergwerk IT GmbH", "https://www.bergwerk-it.example/", "CH-ZH",
        ("cloud", "backup", "mail"), ("de", "en"),
        {
            "de": "Betreute Server und Datensicherung mit einem Servicedesk in Winterthur. "
            "Wer anruft, spricht mit jemandem, der die Anlage kennt.",
            "en": "Managed servers and backup with a service desk in Winterthur. "
            "Whoever answers the phone knows your machines.",
        },
        11.4,
        "Wir betreiben Server für über hundert KMU in der Ostschweiz, mit eigenem Pikett rund um die Uhr. "
        "Zwei unserer Leute haben die Weiterbildung in Informationssicherheit abgeschlossen.",
        logo="peaks:#334155",
        wants={"tender_least_budget": 1000},
    ),
    Partner(
        Company(
            "Atelier Nord UG", "Schulterblatt 58", "20357", "Hamburg", "DE", "de",
            ((WIEBKE, LEGAL),), "HRB 148 302", vat_number="DE264709188",
        ),
        "Atelier Nord", "https://atelier-nord.example/", "DE-HH",
        ("web", "shop", "events"), ("de",),
        {
            "de": "Gestaltungsbüro für Onlineshops und Ticketverkauf. Wir zeichnen zuerst, dann programmieren wir.",
            "en": "Design studio for online shops and ticketing. We draw first and program afterwards.",
        },
        6.1,
        "Zu viert entwerfen und bauen wir Onlineshops für Verlage, Museen und kleine Marken.",
        logo="wave:#0f766e",
        wants={"tender_mail": "daily"},
    ),
    Partner(
        Company(
            "Kollektiv 9 Genossenschaft", "Lorrainestrasse 9", "3013", "Bern", "CH", "de",
            ((LEA, LEGAL), (YANNICK, LEGAL)), "CHE-131.860.915",
        ),
        "Kollektiv 9", "https://kollektiv9.example/", "CH-BE",
        ("web", "events"), ("de", "fr"),
        {
            "de": "Genossenschaftliche Agentur für Vereine, Festivals und NGOs. "
            "Faire Preise, offene Software, und eine Schulung gehört immer dazu.",
            "fr": "Agence coopérative pour associations, festivals et ONG. "
            "Des prix justes, des logiciels libres, et une formation toujours comprise.",
            "en": "Co-operative agency for associations, festivals and NGOs. "
            "Fair prices, open software, and training is always part of the job.",
        },
        7.3,
        "Wir sind neun Leute, die sich den Betrieb teilen. Seit zwölf Jahren begleiten wir Vereine und Festivals, "
        "vom ersten Entwurf bis zum letzten verkauften Ticket.",
        logo="nine:#7c2d92",
    ),
    Partner(
        Company(
            "Datafort Sàrl", "Rue du Rhône 61", "1204", "Genève", "CH", "fr", ((MARC, LEGAL),), "CHE-390.996.037",
        ),
        "Datafort Sàrl", "https://www.datafort.example/", "CH-GE",
        ("cloud", "backup"), ("fr", "en", "de"),
        {
            "fr": "Cloud public, conformité et sauvegarde pour les cabinets médicaux et les études d’avocats. "
            "Vos données restent en Suisse, et nous vous montrons où.",
            "en": "Public cloud, compliance and backup for medical practices and law firms. "
            "Your data stay in Switzerland, and we show you where.",
            "de": "Public Cloud, Compliance und Datensicherung für Arztpraxen und Kanzleien. "
            "Ihre Daten bleiben in der Schweiz, und wir zeigen Ihnen wo.",
        },
        14.0,
        "Nous hébergeons les dossiers de plus de cent études et cabinets de l’arc lémanique, avec un contrat de "
        "traitement des données pour chacun.",
        logo="vault:#1d4ed8",
        wants={"tender_least_budget": 5000},
    ),
    Partner(
        Company(
            "Pixelwerkstatt Straubenhardt-Langenalb", "Kaiserstraße 112", "76133", "Karlsruhe", "DE", "de",
            ((TOBIAS, LEGAL),), "HRA 70 4418", vat_number="DE812903477",
        ),
        "Pixelwerkstatt Straubenhardt-Langenalb", "https://pixelwerkstatt.example/", "DE-BW",
        ("web", "mail"), ("de", "en"),
        {
            "de": "WordPress-Pflege zum festen Monatspreis: Updates, Sicherung und kleine Änderungen inbegriffen.",
            "en": "WordPress care plans with fixed monthly prices: updates, backup and small changes included.",
        },
        5.2,
        "Als Familienbetrieb pflegen wir Websites von Handwerksbetrieben, Praxen und Gemeinden im Nordschwarzwald.",
    ),
    Partner(
        Company(
            "Hexagone & Cie SAS", "18 rue Mercière", "69002", "Lyon", "FR", "fr", ((NADEGE, LEGAL),), "836671271",
        ),
        "Hexagone & Cie", "https://www.hexagone.example/", "FR-ARA",
        ("web", "shop", "cloud"), ("fr", "en"),
        {
            "fr": "Boutiques en ligne qui tiennent le choc des soldes. Nous reprenons volontiers un projet en cours, "
            "après un audit écrit et chiffré.",
            "en": "Online shops that stand up to the sales season. We gladly take over a project halfway, "
            "after a written audit with figures.",
        },
        3.6,
        "Équipe de onze personnes, spécialisée depuis 2011 dans la vente en ligne pour les marques régionales.",
        logo="hexagon:#b91c1c",
    ),
    Partner(
        Company(
            "Studio Garance SARL", "5 quai de la Fosse", "44000", "Nantes", "FR", "fr",
            ((AURELIEN, LEGAL),), "868426842",
        ),
        "Studio Garance", "https://studio-garance.example/", "FR-PDL",
        ("web", "events"), ("fr",),
        {
            "fr": "Billetterie, sites de festivals et accueil du public. Nous sommes joignables le soir de "
            "l’ouverture des portes, et c’est écrit dans le contrat.",
        },
        2.4,
        "Nous venons du spectacle vivant et connaissons les soirs de guichet fermé. Nous équipons une vingtaine de "
        "salles et de festivals de l’Ouest.",
        wants={"tender_mail": "daily"},
    ),
    Partner(
        Company(
            "Donauweb Hofer & Partner OG", "Landstraße 37", "4020", "Linz", "AT", "de",
            ((KATHARINA, LEGAL),), "FN 214 873 k",
        ),
        "Donauweb", "https://www.donauweb.example/", "AT-4",
        ("web", "mail", "backup"), ("de", "en"),
        {
            "de": "Websites und E-Mail für Betriebe an der Donau. Umzüge machen wir über Nacht, "
            "und am Morgen sitzt jemand neben Ihnen.",
            "en": "Websites and mail for businesses along the Danube. We move you overnight, "
            "and in the morning somebody sits next to you.",
        },
        4.5,
        "Zu zweit gegründet, heute zu sechst: Wir betreuen Gasthöfe, Weingüter und Handwerksbetriebe in "
        "Ober- und Niederösterreich.",
        logo="wave:#0369a1",
    ),
    Partner(
        Company(
            "Alpenserver Gstrein e. U.", "Maria-Theresien-Straße 21", "6020", "Innsbruck", "AT", "de",
            ((FLORIAN, LEGAL),), "FN 331 906 p",
        ),
        "Alpenserver", "https://alpenserver.example/", "AT-7",
        ("cloud", "backup"), ("de",),
        {"de": "Kleine Server, gut bewacht. Monatlicher Bericht in verständlichen Sätzen, ohne Fachchinesisch."},
        1.7,
        "Ich arbeite allein und nehme bewusst nur so viele Server an, wie ich selbst im Blick behalten kann.",
        wants={"tender_places": ("AT", "LI", "CH-GR", "CH-SG"), "tender_mail": "never"},
    ),
    Partner(
        Company(
            "Rheintal Systems AG", "Landstrasse 88", "9490", "Vaduz", "LI", "de",
            ((PATRIK, LEGAL),), "CHE-948.219.932",
        ),
        "Rheintal Systems AG", "https://www.rheintal-systems.example/", "",
        ("cloud", "mail", "backup"), ("de", "en"),
        {
            "de": "Server, Postfächer und Archive für Treuhandbüros und Industrie zwischen Sargans und Bregenz.",
            "en": "Servers, mailboxes and archives for fiduciaries and industry between Sargans and Bregenz.",
        },
        9.0,
        "Seit 2009 betreiben wir Infrastruktur für rund achtzig Unternehmen im Rheintal, mit Notfallübung einmal "
        "im Jahr.",
        logo="peaks:#166534",
    ),
    Partner(
        Company(
            "Northbridge Web Care GmbH", "Rheingasse 14", "4058", "Basel", "CH", "en",
            ((FIONA, LEGAL),), "CHE-518.190.931", vat_number="CHE-518.190.931 MWST",
        ),
        "Northbridge Web Care", "https://northbridge.example/", "CH-BS",
        ("web", "mail", "shop"), ("en", "de"),
        {
            "en": "We look after websites that somebody else has built. Clear monthly reports, "
            "no jargon, and a fixed price before we touch anything.",
            "de": "Wir kümmern uns um Websites, die jemand anderes gebaut hat. Klare Monatsberichte "
            "und ein Festpreis, bevor wir etwas anfassen.",
        },
        0.9,
        "Three of us, all formerly in support at larger hosts. We work for schools, clinics and international "
        "associations around Basel, in English and German.",
        logo="bridge:#4338ca",
    ),
    Partner(
        Company(
            "Seewerk Medien GmbH", "Hauptstrasse 52", "9400", "Rorschach", "CH", "de",
            ((STEFAN, LEGAL),), "CHE-991.287.627",
        ),
        "Seewerk Medien", "https://seewerk-medien.example/", "CH-SG",
        ("web", "mail"), ("de",),
        {"de": "Websites und Postfächer für Vereine, Schulen und Gemeinden am Bodensee."},
        3.1,
        "Zwei Gestalterinnen und ein Techniker: Wir betreuen rund dreissig Websites zwischen Rorschach und St. Gallen.",
        wants={"tender_mail": "daily"},
    ),
)  # fmt: skip

# --- clients ------------------------------------------------------------------------------------------------

NADIA = Person("Nadia Keller", "nadia.keller@lumen-optik.example", "de")
PAUL = Person("Paul Roth", "paul.roth@lumen-optik.example", "de")
TIM = Person("Tim Wyss", "tim.wyss@lumen-optik.example", "de")
SOPHIE = Person("Sophie Blanc", "sophie.blanc@boulangerie-du-marche.example", "fr")
OLIVIER = Person("Olivier Jeanneret", "olivier@festival-des-lacs.example", "fr")
MARIA = Person("Maria Steiner", "maria@weinbau-steiner.example", "de", "AT")
EMMA = Person("Emma Clarke", "emma.clarke@clarke-photo.example", "en")
DIDIER = Person("Didier Pasche", "didier.pasche@garage-de-la-plaine.example", "fr")
ANNE_LAURE = Person("Anne-Laure Zufferey", "al.zufferey@dentaire-du-bourg.example", "fr")
BERNARD = Person("Bernard Gremaud", "bernard@menuiserie-gremaud.example", "fr")
HELENE = Person("Hélène Cottier", "helene@librairie-la-marge.example", "fr")
THIERRY = Person("Thierry Duboux", "thierry.duboux@vieux-pressoir.example", "fr")
MAYA = Person("Maya Lüthi", "maya@atelier-souffle.example", "fr")
MIREILLE = Person("Mireille Bonvin", "mireille.bonvin@trois-quarts.example", "fr")
CLARA = Person("Clara Ferreira", "clara@danse-arabesque.example", "fr")
JEAN_MARC = Person("Jean-Marc Vulliemin", "jm.vulliemin@camping-des-roseaux.example", "fr")
LUC = Person("Luc Perroud", "luc@brasserie-grand-jorat.example", "fr")
SYLVIE = Person("Sylvie Bolomey", "sylvie@fleurs-bolomey.example", "fr")
HANNAH = Person("Hannah Doyle", "hannah.doyle@lakeside-languages.example", "en")
ISABELLE = Person("Isabelle Chappuis", "isabelle.chappuis@fondation-pre-vert.example", "fr")
VINCENT = Person("Vincent Matthey", "vincent@horlogerie-matthey.example", "fr")
MARKUS = Person("Markus Hug", "markus.hug@zahnradwerk-toess.example", "de")
URSULA = Person("Ursula Frei", "ursula.frei@kinderhaus-sonnenhof.example", "de")
JONAS = Person("Jonas Brandt", "jonas.brandt@hafenlicht-verlag.example", "de", "DE")
GUDRUN = Person("Gudrun Aichele", "vorstand@chorverband-nordschwarzwald.example", "de", "DE")
CHRISTOPHE = Person("Christophe Jaccoud", "christophe.jaccoud@fanfares-gros-de-vaud.example", "fr")
RUTH = Person("Ruth Whitaker", "ruth.whitaker@st-alban-school.example", "en")

LUMEN = Company(
    "Lumen Optik AG", "Bahnhofstrasse 19", "8400", "Winterthur", "CH", "de",
    ((NADIA, LEGAL), (PAUL, LEGAL), (TIM, COLLABORATOR)), "CHE-786.579.750", vat_number="CHE-786.579.750 MWST",
)  # fmt: skip
BOULANGERIE = Company(
    "Boulangerie du Marché SA", "Place du Marché 3", "1800", "Vevey", "CH", "fr", ((SOPHIE, LEGAL),),
    "CHE-432.319.488",
)  # fmt: skip
FESTIVAL = Company(
    "Festival des Lacs", "Faubourg du Lac 11", "2000", "Neuchâtel", "CH", "fr", ((OLIVIER, LEGAL),),
    "CHE-757.491.188",
)  # fmt: skip
WEINBAU = Company(
    "Weinbau Steiner GmbH", "Kellergasse 6", "3500", "Krems an der Donau", "AT", "de", ((MARIA, LEGAL),),
    "FN 402 117 t",
)  # fmt: skip
EMMAS = Company(
    "Emma Clarke", "Rue de Carouge 40", "1205", "Genève", "CH", "en", ((EMMA, LEGAL),), kind=Kind.INDIVIDUAL,
)  # fmt: skip
GARAGE = Company(
    "Garage de la Plaine Sàrl", "Rue de la Plaine 61", "1400", "Yverdon-les-Bains", "CH", "fr",
    ((DIDIER, LEGAL),), "CHE-255.994.346",
)  # fmt: skip
DENTAIRE = Company(
    "Cabinet dentaire du Bourg SA", "Rue du Bourg 14", "3960", "Sierre", "CH", "fr", ((ANNE_LAURE, LEGAL),),
    "CHE-785.580.294",
)  # fmt: skip
MENUISERIE = Company(
    "Menuiserie Gremaud SA", "Route de Riaz 87", "1630", "Bulle", "CH", "fr", ((BERNARD, LEGAL),),
    "CHE-497.654.897",
)  # fmt: skip
LIBRAIRIE = Company(
    "Librairie La Marge Sàrl", "Grand-Rue 33", "1110", "Morges", "CH", "fr", ((HELENE, LEGAL),),
    "CHE-949.432.718",
)  # fmt: skip
AUBERGE = Company(
    "Auberge du Vieux Pressoir SA", "Rue du Temple 5", "1096", "Cully", "CH", "fr", ((THIERRY, LEGAL),),
    "CHE-576.325.193",
)  # fmt: skip
SOUFFLE = Company(
    "Atelier Souffle Sàrl", "Rue Marterey 28", "1005", "Lausanne", "CH", "fr", ((MAYA, LEGAL),),
    "CHE-719.372.418",
)  # fmt: skip
THEATRE = Company(
    "Théâtre des Trois-Quarts", "Quai de la Veveyse 8", "1800", "Vevey", "CH", "fr", ((MIREILLE, LEGAL),),
    "CHE-157.660.915",
)  # fmt: skip
DANSE = Company(
    "École de danse Arabesque Sàrl", "Rue de Lausanne 45", "1020", "Renens", "CH", "fr", ((CLARA, LEGAL),),
    "CHE-267.054.131",
)  # fmt: skip
CAMPING = Company(
    "Camping des Roseaux SA", "Chemin de la Plage 2", "1462", "Yvonand", "CH", "fr", ((JEAN_MARC, LEGAL),),
    "CHE-174.756.918",
)  # fmt: skip
BRASSERIE = Company(
    "Brasserie du Grand-Jorat SA", "Route du Village 19", "1083", "Mézières", "CH", "fr", ((LUC, LEGAL),),
    "CHE-509.239.774",
)  # fmt: skip
LAKESIDE = Company(
    "Lakeside Languages Sàrl", "Avenue d’Ouchy 66", "1006", "Lausanne", "CH", "en", ((HANNAH, LEGAL),),
    "CHE-620.486.956", vat_number="CHE-620.486.956 TVA",
)  # fmt: skip
FLEURS = Company(
    "Fleurs Bolomey Sàrl", "Avenue de Lavaux 12", "1009", "Pully", "CH", "fr", ((SYLVIE, LEGAL),),
    "CHE-510.365.486",
)  # fmt: skip
FONDATION = Company(
    "Fondation Pré-Vert", "Chemin du Pré-Vert 10", "1260", "Nyon", "CH", "fr", ((ISABELLE, LEGAL),),
    "CHE-475.414.735",
)  # fmt: skip
HORLOGERIE = Company(
    "Horlogerie Matthey & Fils SA", "Rue du Temple 23", "2400", "Le Locle", "CH", "fr", ((VINCENT, LEGAL),),
    "CHE-708.546.950",
)  # fmt: skip
ZAHNRADWERK = Company(
    "Zahnradwerk Töss AG", "Tössuferstrasse 7", "8406", "Winterthur", "CH", "de", ((MARKUS, LEGAL),),
    "CHE-104.768.543",
)  # fmt: skip
SONNENHOF = Company(
    "Kinderhaus Sonnenhof", "Sonnenhofweg 3", "9403", "Goldach", "CH", "de", ((URSULA, LEGAL),),
    "CHE-749.091.042",
)  # fmt: skip
HAFENLICHT = Company(
    "Hafenlicht Verlag GmbH", "Große Elbstraße 145", "22767", "Hamburg", "DE", "de", ((JONAS, LEGAL),),
    "HRB 161 204", vat_number="DE273184566",
)  # fmt: skip
CHORVERBAND = Company(
    "Chorverband Nordschwarzwald e. V.", "Lederstraße 38", "75365", "Calw", "DE", "de", ((GUDRUN, LEGAL),),
    "VR 330 417",
)  # fmt: skip
FANFARES = Company(
    "Union des fanfares du Gros-de-Vaud", "Place du Château 4", "1040", "Échallens", "CH", "fr",
    ((CHRISTOPHE, LEGAL),), "CHE-876.232.860",
)  # fmt: skip
SCHOOL = Company(
    "St. Alban International School", "St. Alban-Vorstadt 92", "4052", "Basel", "CH", "en", ((RUTH, LEGAL),),
    "CHE-699.205.755",
)  # fmt: skip

# Each client and how many days ago it signed up; FONDATION comes by a partner's request.
ARRIVALS = (
    (ZAHNRADWERK, 900), (MENUISERIE, 830), (DENTAIRE, 720), (AUBERGE, 640), (GARAGE, 610), (THEATRE, 560),
    (LIBRAIRIE, 500), (SONNENHOF, 480), (CAMPING, 450), (LUMEN, 430), (SOUFFLE, 400), (LAKESIDE, 380),
    (DANSE, 330), (BRASSERIE, 260), (HAFENLICHT, 250), (FANFARES, 230), (FLEURS, 210), (CHORVERBAND, 180),
    (BOULANGERIE, 128), (FESTIVAL, 106), (SCHOOL, 95), (WEINBAU, 84), (EMMAS, 62), (HORLOGERIE, 15),
)  # fmt: skip
CLIENTS = (*(company for company, _days in ARRIVALS), FONDATION)

# --- who would like to become a partner ---------------------------------------------------------------------

ELODIE = Person("Élodie Page", "elodie.page@octopus-web.example", "fr")
JENS = Person("Jens Kirchner", "jens@kirchner-datentechnik.example", "de", "DE")
OSCAR = Person("Oscar Bell", "oscar@fastrank.example", "en", "GB")

OCTOPUS = Applicant(
    Company(
        "Octopus Web Sàrl", "Rue de Romont 15", "1700", "Fribourg", "CH", "fr", ((ELODIE, LEGAL),),
        "CHE-625.276.018",
    ),
    "https://octopus-web.example/",
    "Nous sommes quatre à Fribourg et travaillons en français et en allemand, surtout pour des communes et des "
    "écoles. Nous gérons aujourd’hui 26 hébergements chez vous pour nos clients, pour environ CHF 2600 par an.",
)  # fmt: skip
KIRCHNER = Applicant(
    Company(
        "Kirchner Datentechnik GmbH", "Karl-Heine-Straße 93", "04229", "Leipzig", "DE", "de", ((JENS, LEGAL),),
        "HRB 31 907",
    ),
    "https://kirchner-datentechnik.example/",
    "Wir richten seit 2006 Netzwerke und Server in Praxen und Kanzleien ein und möchten das Hosting künftig "
    "gesammelt bei Ihnen betreiben. Im ersten Jahr rechnen wir mit zwölf betreuten Kunden.",
)  # fmt: skip
FASTRANK = Applicant(
    Company(
        "Fast Rank Media Ltd", "71 Shelton Street", "WC2H 9JQ", "London", "GB", "en", ((OSCAR, LEGAL),),
        "08214477",
    ),
    "https://fastrank.example/",
    "We place guest posts and sell link packages, and would like a listing in your directory for our clients.",
)  # fmt: skip
REJECTION = (
    "Our directory is for companies that look after hosting products for their clients. Selling links is not part "
    "of that. If you also manage websites or mail for clients, tell us about this work and apply again."
)

SHOWN = (
    Shown(OLGA, None, "Helvia", lazy("orders, transfers to assign, a withdrawal to pay out, applications")),
    Shown(
        CAMILLE,
        LEGAL,
        "Lumière Digital Sàrl",
        lazy("clients, what it earns and what it pays for them, a withdrawal"),
    ),
    Shown(
        JULIEN,
        ADMINISTRATOR,
        "Lumière Digital Sàrl",
        lazy("who looks after which client, revenue month by month"),
    ),
    Shown(INES, COLLABORATOR, "Lumière Digital Sàrl", lazy("the two clients entrusted to her")),
    Shown(
        FIONA,
        LEGAL,
        "Northbridge Web Care GmbH",
        lazy("cashback from one client, an invitation to answer, calls for tenders"),
    ),
    Shown(
        TOBIAS,
        LEGAL,
        "Pixelwerkstatt Straubenhardt-Langenalb",
        lazy("35 sites paid in euros for one client, at the partner price"),
    ),
    Shown(STEFAN, LEGAL, "Seewerk Medien GmbH", lazy("a suspended partner account")),
    Shown(
        NADIA, LEGAL, "Lumen Optik AG", lazy("orders, invoices, a prepaid account, products, two partners")
    ),
    Shown(
        SOPHIE,
        LEGAL,
        "Boulangerie du Marché SA",
        lazy("a cancelled order whose money came back, a partner’s request, an offer"),
    ),
    Shown(JULES, LEGAL, "", lazy("an affiliate: links, commissions, payouts to an IBAN")),
    Shown(JANA, LEGAL, "Blattwerk Medien UG", lazy("an affiliate in euros, one of whose payouts came back")),
    Shown(EMMA, LEGAL, "", lazy("a private person, who pays from the prepaid account")),
    Shown(ELODIE, LEGAL, "Octopus Web Sàrl", lazy("an application that waits")),
)
