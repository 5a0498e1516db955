"""What the people of the demo write: calls for tenders and offers, each in the language of its author."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """A call as it is typed; the contact is the visitor's, or taken from the account."""

    title: str
    description: str
    language: str
    services: tuple[str, ...]
    country: str
    region: str
    budget: str = ""
    start: str = "open"
    reply_languages: tuple[str, ...] = ("de", "fr", "en")
    days: int = 30
    currency: str = "CHF"
    name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""

    @property
    def typed(self) -> dict[str, Any]:
        """As a draft keeps it."""
        return {
            "title": self.title,
            "description": self.description,
            "language": self.language,
            "services": list(self.services),
            "reply_languages": list(self.reply_languages),
            "place": self.region or self.country,
            "country": self.country,
            "region": self.region,
            "budget": self.budget,
            "currency": self.currency,
            "start": self.start,
            "validity_days": str(self.days),
            "contact_name": self.name,
            "contact_company": self.company,
            "contact_email": self.email,
            "contact_phone": self.phone,
        }


@dataclass(frozen=True)
class Answer:
    """An offer as it is typed; prices in whole units, `least` alone for a fixed price."""

    message: str
    language: str
    least: int
    most: int | None = None
    currency: str = "CHF"
    days: int = 30
    pdf: tuple[str, ...] = ()  # the lines of the attached PDF


OPTICIANS_SHOP = Call(
    "Onlineshop für Brillen und Kontaktlinsen",
    "Wir führen zwei Optikergeschäfte in Winterthur und möchten unser Sortiment richtig online verkaufen: rund 400 "
    "Fassungen, dazu Kontaktlinsen im Abonnement. Die Sehwerte sollen beim Kauf erfasst oder als Foto des "
    "Brillenpasses hochgeladen werden können.\n\n"
    "Bestehend ist ein einfacher Shop für Zubehör, der abgelöst werden darf. Die sieben Postfächer einer Filiale, die "
    "wir übernommen haben, müssen mit umziehen, ohne dass Nachrichten verloren gehen. Wichtig sind uns eine "
    "sorgfältige Schulung für unser Team und jemand, der nach dem Start erreichbar bleibt.",
    "de", ("web", "shop", "mail"), "CH", "CH-ZH", "5000-20000", "quarter", ("de", "fr", "en"), 30,
    name="Nadia Keller", company="Lumen Optik AG", phone="+41 52 555 01 40",
)  # fmt: skip
NORTHBRIDGE_ON_SHOP = Answer(
    "Dear Ms Keller, thank you for the clear description. We would build the shop on a common open-source system so "
    "that you can change hands later without starting again. The lower price covers the shop with 400 products "
    "imported from your list; the upper one adds the lens subscription and the upload of the optical prescription. "
    "Moving the seven mailboxes and two half-days of training are included in both. The attached PDF has the schedule.",
    "en", 9800, 12500,
    pdf=(
        "Northbridge Web Care GmbH, Rheingasse 14, 4058 Basel",
        "Offer: online shop for Lumen Optik AG",
        "",
        "1  Shop with 400 products, design, payment             CHF  7 900",
        "2  Move of seven mailboxes                             CHF    700",
        "3  Training, two half-days in Winterthur               CHF  1 200",
        "   Subtotal                                            CHF  9 800",
        "4  Option: lens subscription                           CHF  1 600",
        "5  Option: upload of the optical prescription          CHF  1 100",
        "   Total with both options                             CHF 12 500",
        "",
        "Weeks 1-3 design, weeks 4-8 build, week 9 training, week 10 opening.",
        "All prices without VAT.",
    ),
)  # fmt: skip
PIXEL_ON_SHOP = Answer(
    "Sehr geehrte Frau Keller, gern übernehmen wir den Shop zum Festpreis. Darin enthalten sind Gestaltung, Import der "
    "Fassungen, das Linsen-Abonnement und der Umzug Ihrer Postfächer an einem Wochenende. Danach betreuen wir alles "
    "für 89 Euro im Monat, jederzeit kündbar. Für die Schulung kommen wir einen Tag nach Winterthur.",
    "de", 11400, currency="EUR", days=60,
)  # fmt: skip

BAKERY_MAIL = Call(
    "Migration de 14 boîtes de messagerie",
    "Notre boulangerie compte cinq points de vente. Les adresses de nos équipes sont réparties chez deux anciens "
    "fournisseurs, et plus personne ne sait vraiment ce qui fonctionne encore. Nous cherchons quelqu’un pour tout "
    "réunir au même endroit, avec les carnets d’adresses et les agendas, et pour expliquer l’essentiel à nos "
    "responsables de magasin.\n\nLe déménagement doit se faire un lundi, notre jour de fermeture.",
    "fr", ("mail", "backup"), "CH", "CH-VD", "1000-5000", "month", ("fr",), 30,
    name="Sophie Blanc", company="Boulangerie du Marché SA", phone="+41 21 555 02 17",
)  # fmt: skip
LUMIERE_ON_MAIL = Answer(
    "Bonjour Madame Blanc, nous avons mené une quarantaine de déménagements de ce genre, dont deux boulangeries. Nous "
    "commençons par un inventaire chez vous, puis tout se passe un lundi entre 6 h et 15 h. Le mardi matin, quelqu’un "
    "de chez nous passe dans chaque magasin. Le prix est ferme et comprend un mois d’assistance.",
    "fr", 1850, days=60,
)  # fmt: skip

FESTIVAL_TICKETS = Call(
    "Billetterie pour un festival de trois jours",
    "Le Festival des Lacs réunit chaque été 6000 personnes à Neuchâtel. Nous voulons vendre nous-mêmes nos billets "
    "l’an prochain : abonnements de trois jours, billets d’un jour, tarif réduit pour les jeunes, contrôle à l’entrée "
    "avec des téléphones ordinaires, même lorsque le réseau est saturé.\n\n"
    "Notre site actuel doit être repris, en français et en allemand. La prévente ouvre au début du printemps.",
    "fr", ("web", "events"), "CH", "CH-NE", "5000-20000", "month", ("fr", "de"), 30,
    name="Olivier Jeanneret", company="Festival des Lacs", phone="+41 32 555 03 61",
)  # fmt: skip
KOLLEKTIV_ON_TICKETS = Answer(
    "Bonjour Olivier, nous équipons déjà trois festivals de votre taille avec une billetterie libre que vous gardez, "
    "avec toutes vos données. Le contrôle fonctionne sans réseau et se synchronise ensuite. Le prix comprend la "
    "reprise du site dans les deux langues, une formation pour vos bénévoles et notre présence le premier jour.",
    "fr", 13200, 14800, days=60,
)  # fmt: skip
GARANCE_ON_TICKETS = Answer(
    "Bonjour Monsieur Jeanneret, nous vous proposons notre billetterie, rodée dans une vingtaine de salles : "
    "abonnements, quotas, tarifs réduits sur justificatif et contrôle hors ligne. Nous venons de Nantes pour les trois "
    "jours du festival, déplacement compris. Le site en allemand serait traduit par vos soins.",
    "fr", 11900, currency="EUR", days=60,
)  # fmt: skip
NORD_ON_TICKETS = Answer(
    "Guten Tag Herr Jeanneret, wir gestalten Ihnen einen Auftritt, der vom Plakat bis zum Ticket aus einem Guss ist, "
    "und binden einen erprobten Ticketdienst ein. Die Einlasskontrolle mieten wir für Sie. Die französischen Texte "
    "übernehmen wir von Ihrer heutigen Website.",
    "de", 15500, currency="EUR", days=60,
)  # fmt: skip

WINE_SITE = Call(
    "Neue Website mit Weinversand",
    "Unser Weingut verkauft bisher ab Hof und auf zwei Märkten. Wir möchten unsere zwölf Weine auch verschicken, in "
    "Österreich und nach Deutschland, mit Altersprüfung und richtiger Steuer. Fotos sind vorhanden. Die Website soll "
    "auch am Telefon im Keller schnell sein und von uns selbst gepflegt werden können.",
    "de", ("web", "shop"), "AT", "AT-3", "1000-5000", "quarter", ("de",), 14, "EUR",
    name="Maria Steiner", company="Weinbau Steiner GmbH", phone="+43 2732 555 12",
)  # fmt: skip
DONAU_ON_WINE = Answer(
    "Liebe Frau Steiner, wir betreuen bereits vier Weingüter in der Wachau und kennen die Sache mit der Altersprüfung "
    "und der Umsatzsteuer nach Deutschland. Für den Preis bekommen Sie Website, Versand und einen halben Tag "
    "Einschulung am Hof. Wenn Sie erst im Frühjahr beginnen wollen, halten wir Ihnen den Platz frei.",
    "de", 4600, currency="EUR", days=90,
)  # fmt: skip

PHOTO_SITE = Call(
    "Portfolio website for a photographer",
    "I photograph people at work: bakers, surgeons, watchmakers. I need a quiet website with about 120 pictures in "
    "twelve series, fast on phones, in English and French. I would like to add new series myself, without calling "
    "anybody. My domain and mail stay where they are.\n\nA private gallery for clients would be welcome, but is not "
    "needed at the start.",
    "en", ("web",), "CH", "CH-GE", "1000-5000", "month", ("en", "fr"), 30,
    name="Emma Clarke", phone="+41 22 555 04 83",
)  # fmt: skip

MEDICAL_SERVER = Call(
    "Server und Sicherung für eine Arztpraxis",
    "Gemeinschaftspraxis mit vier Ärztinnen und neun Mitarbeitenden. Unser Praxisserver steht im Keller und ist acht "
    "Jahre alt. Wir möchten ihn durch einen betreuten Server in der Schweiz ersetzen, mit täglicher Sicherung und "
    "einer Rücksicherung, die wir einmal im Jahr gemeinsam üben. Die Praxissoftware läuft unter Windows.",
    "de", ("cloud", "backup"), "CH", "CH-ZH", "", "soon", ("de",), 21,
    name="Andrea Huber", company="Praxis am See", email="andrea.huber@praxis-am-see.example", phone="+41 44 555 07 20",
)  # fmt: skip

FIDUCIARY_ARCHIVE = Call(
    "Sauvegarde des archives d’une fiduciaire",
    "Nous sommes une fiduciaire de six personnes à Genève et devons conserver dix ans de dossiers, soit environ "
    "2,5 téraoctets. Nous cherchons une sauvegarde chiffrée en Suisse, avec une copie hors site et un rapport mensuel "
    "que notre organe de révision puisse lire.",
    "fr", ("backup", "cloud"), "CH", "CH-GE", "5000-20000", "quarter", ("fr", "en"), 30,
    name="Laurent Mercier", company="Fiduciaire Mercier & Fils",
    email="laurent@mercier-fiduciaire.example", phone="+41 22 555 06 09",
)  # fmt: skip
DATAFORT_ON_ARCHIVE = Answer(
    "Bonjour Monsieur Mercier, votre demande correspond à ce que nous faisons tous les jours. Les données sont "
    "chiffrées chez vous, avec une clé que vous êtes seuls à détenir, puis conservées à Genève et à Berne. Le rapport "
    "mensuel a été relu par deux organes de révision. Le prix s’entend par an, pour 3 téraoctets.",
    "fr", 5400, days=60,
)  # fmt: skip

ARCHITECTS_BACKUP = Call(
    "Backup for a small architects’ office",
    "Five people, two large workstations and one shared drive with 4 terabytes of plans. We lost a week of work in "
    "spring and do not want to see that again. We are looking for a nightly backup off site and somebody who checks "
    "that it can be restored.",
    "en", ("backup",), "CH", "CH-BS", "1000-5000", "soon", ("en", "de"), 21,
    name="Helen Moore", company="Moore Architects", email="helen@moore-architects.example", phone="+41 61 555 08 31",
)  # fmt: skip

ROWING_CLUB = Call(
    "Refonte du site d’un club d’aviron",
    "Notre club compte 180 membres. Le site date de 2013 et ne s’affiche plus sur les téléphones. Nous avons besoin "
    "d’un calendrier des entraînements, de l’inscription aux camps et d’une page par équipe, que nos bénévoles "
    "puissent tenir à jour.",
    "fr", ("web", "events"), "CH", "CH-VD", "1000-5000", "quarter", ("fr",), 30,
    name="Pierre Marchand", company="Club d’aviron de la Baie", email="pierre.marchand@aviron-de-la-bai.example",
)  # fmt: skip
CHOIR_SITE = Call(
    "Move our choir’s website and mailing list",
    "We are a choir of forty with a website, a mailing list and a shared folder of scores at three different places. "
    "We would like to have all of it in one place that costs little and that our next secretary will understand, too.",
    "en", ("web", "mail"), "CH", "CH-BS", "-1000", "open", ("en", "de"), 21,
    name="Ruth Albrecht", company="Rhine Chamber Choir", email="ruth.albrecht@rhine-choir.example",
)  # fmt: skip

SPAM = Call(
    "Cheap visitors and followers for your web pages",
    "We sell real visitors for every web page, 10000 visitors for a very small price, also followers and reviews. "
    "Write to us today and double your income. Resellers are welcome.",
    "en", ("web", "shop"), "GB", "", "", "soon", ("en", "fr", "de"), 30, "EUR",
    name="Growth Team", company="Visitors Unlimited", email="sales@visitors-unlimited.example",
)  # fmt: skip

SCHOOL_CLOUD = Call(
    "Lernplattform für eine Musikschule",
    "Unsere Musikschule unterrichtet 600 Kinder an vier Standorten. Wir suchen eine betreute Lernplattform mit "
    "Stundenplan, Absenzen und einem Bereich für Eltern.",
    "de", ("cloud", "web"), "CH", "CH-BE", "5000-20000", "quarter", ("de", "fr"), 14,
    name="Regula Stucki", company="Musikschule Aaretal", email="regula.stucki@musikschule-aaretal.example",
    phone="+41 31 555 09 52",
)  # fmt: skip
