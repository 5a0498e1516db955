"""What the demo's clients have: products with settings and tags, and the rhythm in which they are used."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from webapp.demo import people
from webapp.demo.people import Company
from webapp.products.rules import Colour, Metric

USAGE_DAYS = 120
MEGABYTES_PER_VISIT = 2.6
SATURDAY = 5

PROD, TEST = ("prod", Colour.GREEN), ("test", Colour.YELLOW)
SHOP, BOUTIQUE = ("shop", Colour.BLUE), ("boutique", Colour.BLUE)
INTERN, PUBLIC = ("intern", Colour.GREY), ("public", Colour.TEAL)


@dataclass(frozen=True)
class Good:
    """A product. `level` is what a working day sees of its first metric, `weekend` that of a Saturday beside it."""

    label: str
    plan: str
    level: int = 0
    weekend: float = 0.5
    tags: tuple[tuple[str, Colour], ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    days: int = 0  # since when, as days ago; 0 is when the client signed up
    ended: int = 0  # the same of its end
    renews: bool = True


def _site_de(php: str = "8.3", cron: str = "", backup: str = "täglich 02:30, 14 Tage") -> dict[str, str]:
    settings = {"PHP-Version": php, "SSL-Zertifikat": "automatisch erneuert", "Datensicherung": backup}
    return {**settings, "Cron": cron} if cron else settings


def _site_fr(php: str = "8.3", cron: str = "", backup: str = "chaque nuit, 14 jours") -> dict[str, str]:
    settings = {"Version de PHP": php, "Certificat SSL": "renouvelé automatiquement", "Sauvegarde": backup}
    return {**settings, "Cron": cron} if cron else settings


def _site_en(php: str = "8.3", backup: str = "nightly, 14 days") -> dict[str, str]:
    return {"PHP version": php, "SSL certificate": "renewed automatically", "Backup": backup}


_mail_fr = {"Filtre antispam": "normal", "DKIM": "actif", "Taille d’une boîte": "50 Go"}
_swiss = partial(Good, plan="domain-ch", settings={"DNSSEC": "on"})

GOODS: Mapping[Company, tuple[Good, ...]] = {
    people.LUMEN: (
        Good(
            "lumen-optik.ch", "web-pro", 640, 0.72, (PROD,),
            {**_site_de("8.2", "*/15 * * * * php bin/lager.php"), "Speicherlimit": "512 MB"},
        ),
        Good(
            "shop.lumen-optik.ch", "web-pro", 410, 1.15, (PROD, SHOP),
            {**_site_de("8.3", "*/5 * * * * php bin/bestellungen.php"), "Speicherlimit": "1024 MB"}, days=330,
        ),
        Good("staging.lumen-optik.ch", "web-start", 12, 0.1, (TEST,), _site_de("8.4", backup="keine"), days=330),
        Good("blog.lumen-optik.ch", "web-start", 35, 0.8, ended=200, renews=False),
        Good(
            "lumen-optik.ch (24 Postfächer)", "mail-service", 390, 0.16, (PROD,),
            {"Spamfilter": "streng", "DKIM": "aktiv", "Postfachgrösse": "50 GB", "Weiterleitungen nach aussen": "gesperrt"},
        ),
        Good(
            "newsletter.lumen-optik.ch", "newsletter", 2600, 0, settings={"Absender": "Lumen Optik", "Anmeldung": "doppelt bestätigt"},
            days=280,
        ),
        Good(
            "vps-zrh-01", "cloud-m", 31, 0.9, (PROD,),
            {"System": "Debian 12", "Firewall": "22, 80, 443", "Schnappschuss": "sonntags 03:00", "Neustart nach Updates": "ja"},
            days=300,
        ),
        Good(
            "k8s-pilot", "public-cloud", 74, 0.95, (TEST,), {"Version": "1.31", "Knoten": "3", "Region": "Zürich"}, days=140,
        ),
        _swiss("lumen-optik.ch"),
        _swiss("lumen-brillen.ch", settings={"Weiterleitung": "https://lumen-optik.ch/"}),
    ),
    people.BOULANGERIE: (
        Good("boulangerie-marche-vevey.ch", "web-start", 130, 1.4, settings=_site_fr()),
        _swiss("boulangerie-marche-vevey.ch"),
    ),
    people.FESTIVAL: (
        Good("festival-des-lacs.ch", "web-pro", 900, 1.3, (PUBLIC,), _site_fr("8.2", "0 6 * * * php bin/programme.php")),
        Good("festival-des-lacs.ch (11 adresses)", "mail-service", 120, 0.5, settings=_mail_fr),
        Good("infolettre Festival des Lacs", "newsletter", 5200, 0, settings={"Expéditeur": "Festival des Lacs"}),
        _swiss("festival-des-lacs.ch"),
    ),
    people.EMMAS: (
        Good("clarke-portraits.com", "web-start", 45, 0.9, settings=_site_en()),
        Good("clarke-portraits.com", "domain-com", settings={"DNSSEC": "on"}),
    ),
    people.GARAGE: (
        Good("garage-plaine-yverdon.ch", "web-pro", 210, 0.45, settings=_site_fr("8.2")),
        Good("garage-plaine-yverdon.ch (9 adresses)", "mail-service", 160, 0.2, settings=_mail_fr),
        _swiss("garage-plaine-yverdon.ch"),
        Good("Sauvegarde atelier", "backup", 1900, 0.3, settings={"Heure": "22:15", "Conservation": "90 jours"}, days=400),
    ),
    people.DENTAIRE: (
        Good("dentaire-du-bourg.ch", "web-pro", 150, 0.3, settings=_site_fr()),
        Good("dentaire-du-bourg.ch (14 adresses)", "mail-service", 230, 0.1, settings=_mail_fr),
        Good("srv-cabinet", "cloud-m", 27, 0.4, (PROD,), {"Système": "Debian 12", "Pare-feu": "443"}, days=510),
        Good("Sauvegarde cabinet", "backup", 5400, 0.2, settings={"Heure": "23:00", "Conservation": "10 ans"}, days=510),
        _swiss("dentaire-du-bourg.ch"),
    ),
    people.MENUISERIE: (
        Good("gremaud-bois.ch", "web-classic", 70, 0.35, settings=_site_fr("8.1")),
        Good("gremaud-bois.ch (6 adresses)", "mail-service", 85, 0.1, settings=_mail_fr),
        _swiss("gremaud-bois.ch"),
        _swiss("cuisines-gremaud.ch"),
    ),
    people.LIBRAIRIE: (
        Good("librairie-la-marge.ch", "web-pro", 260, 1.2, (BOUTIQUE,), _site_fr()),
        Good("librairie-la-marge.ch (4 adresses)", "mail-service", 60, 0.4, settings=_mail_fr),
        _swiss("librairie-la-marge.ch"),
    ),
    people.AUBERGE: (
        Good("vieux-pressoir-cully.ch", "web-start", 95, 1.6, settings=_site_fr()),
        _swiss("vieux-pressoir-cully.ch"),
    ),
    people.SOUFFLE: (
        Good("atelier-souffle.ch", "web-start", 55, 0.9, settings=_site_fr()),
        Good("infolettre Souffle", "newsletter", 310, 0),
        _swiss("atelier-souffle.ch"),
    ),
    people.THEATRE: (
        Good("trois-quarts.ch", "web-pro", 480, 1.35, (PUBLIC,), _site_fr("8.3", "*/10 * * * * php bin/places.php")),
        Good("billets.trois-quarts.ch", "web-pro", 240, 1.7, (PUBLIC, BOUTIQUE), _site_fr(), days=430),
        Good("trois-quarts.ch (17 adresses)", "mail-service", 190, 0.6, settings=_mail_fr),
        Good("infolettre Trois-Quarts", "newsletter", 3900, 0, settings={"Expéditeur": "Théâtre des Trois-Quarts"}),
        _swiss("trois-quarts.ch"),
        Good("festival-2024.trois-quarts.ch", "web-start", 20, 1, ended=310, renews=False),
    ),
    people.DANSE: (
        Good("danse-arabesque.ch", "web-start", 110, 0.8, settings=_site_fr()),
        Good("danse-arabesque.ch (5 adresses)", "mail-service", 75, 0.5, settings=_mail_fr),
        _swiss("danse-arabesque.ch"),
    ),
    people.CAMPING: (
        Good("camping-roseaux.ch", "web-pro", 360, 1.5, settings=_site_fr("8.3", "*/5 * * * * php bin/reservations.php")),
        Good("camping-roseaux.ch (8 adresses)", "mail-service", 140, 0.9, settings=_mail_fr),
        Good("Surveillance réservations", "monitoring", settings={"Intervalle": "60 s", "Alerte": "SMS"}),
        _swiss("camping-roseaux.ch"),
        Good("roseaux-camping.com", "domain-com"),
    ),
    people.BRASSERIE: (
        Good("grand-jorat.ch", "web-start", 120, 1.3, settings=_site_fr()),
        Good("boutique.grand-jorat.ch", "web-pro", 65, 1.2, (BOUTIQUE,), _site_fr(), days=180),
        Good("grand-jorat.ch (4 adresses)", "mail-service", 50, 0.3, settings=_mail_fr),
        _swiss("grand-jorat.ch"),
    ),
    people.LAKESIDE: (
        Good("lakeside-languages.ch", "web-pro", 320, 0.7, (PROD,), _site_en()),
        Good("learn.lakeside-languages.ch", "cloud-m", 38, 0.55, (PROD,), {"System": "Debian 12", "Firewall": "443"}),
        Good("lakeside-languages.ch (21 mailboxes)", "mail-service", 340, 0.15, settings={"Spam filter": "strict", "DKIM": "on"}),
        Good("Backup of the learning platform", "backup", 3100, 0.6, settings={"Time": "01:30", "Kept for": "60 days"}),
        _swiss("lakeside-languages.ch"),
        Good("lakeside-languages.com", "domain-com"),
    ),
    people.FLEURS: (
        Good("fleurs-bolomey.ch", "web-pro", 145, 1.25, (BOUTIQUE,), _site_fr("8.3", "*/5 * * * * php bin/livraisons.php")),
        Good("fleurs-bolomey.ch (3 adresses)", "mail-service", 70, 0.8, settings=_mail_fr),
        _swiss("fleurs-bolomey.ch"),
    ),
    people.FONDATION: (
        Good("fondation-pre-vert.ch", "web-start", 65, 0.6, settings=_site_fr("8.2")),
        Good("fondation-pre-vert.ch (6 adresses)", "mail-service", 95, 0.2, settings=_mail_fr),
        _swiss("fondation-pre-vert.ch"),
    ),
    people.HORLOGERIE: (
        Good("matthey-horloger.ch", "web-pro", 85, 0.9, settings=_site_fr()),
        _swiss("matthey-horloger.ch"),
    ),
    people.HAFENLICHT: (
        Good("hafenlicht-verlag.de", "web-pro", 230, 0.7, (PROD,), _site_de()),
        Good("hafenlicht-verlag.de (12 Postfächer)", "mail-service", 210, 0.1, settings={"Spamfilter": "normal", "DKIM": "aktiv"}),
        Good("hafenlicht-verlag.com", "domain-com"),
    ),
    people.CHORVERBAND: (Good("chorverband-nordschwarzwald.com", "domain-com"),),
    people.FANFARES: (_swiss("fanfares-gros-de-vaud.ch"),),
    people.SCHOOL: (
        Good("st-alban-school.ch", "web-pro", 310, 0.25, (PROD,), _site_en()),
        Good("st-alban-school.ch (38 mailboxes)", "mail-service", 520, 0.1, settings={"Spam filter": "strict", "DKIM": "on"}),
        _swiss("st-alban-school.ch"),
    ),
    people.WEINBAU: (
        Good("weinbau-steiner.at", "web-start", 60, 1.1, settings=_site_de()),
        Good("weinbau-steiner.com", "domain-com"),
    ),
    people.ZAHNRADWERK: (
        Good("zahnradwerk-toess.ch", "web-always", 420, 0.2, (PROD,), _site_de("8.3", backup="stündlich, 30 Tage")),
        Good("zahnradwerk-toess.ch (62 Postfächer)", "mail-service", 1450, 0.08, (PROD,), {"Spamfilter": "streng", "DKIM": "aktiv"}),
        Good("erp-zrh-01", "cloud-m", 44, 0.35, (PROD, INTERN), {"System": "Debian 12", "Firewall": "nur VPN"}),
        Good("erp-zrh-02", "cloud-m", 12, 0.3, (TEST, INTERN), {"System": "Debian 13", "Firewall": "nur VPN"}, days=280),
        Good("Datensicherung ERP", "backup", 7800, 0.3, (INTERN,), {"Zeit": "00:45", "Aufbewahrung": "1 Jahr"}),
        _swiss("zahnradwerk-toess.ch"),
        Good("Garantie zahnradwerk-toess.ch", "domain-guard"),
    ),
    people.SONNENHOF: (
        Good("kinderhaus-sonnenhof.ch", "web-start", 48, 0.4, settings=_site_de()),
        Good("kinderhaus-sonnenhof.ch (7 Postfächer)", "mail-service", 66, 0.1, settings={"Spamfilter": "normal"}),
        _swiss("kinderhaus-sonnenhof.ch"),
    ),
}  # fmt: skip


def usage(good: Good, *, until: date) -> Iterator[tuple[Metric, date, int]]:
    """120 days of figures until the day before: by the week, a little up and down, the same each time."""
    chance = random.Random(f"{good.label} {good.plan}")
    for n in range(USAGE_DAYS if good.level else 0):
        day = until - timedelta(days=USAGE_DAYS - n)
        amount = _amount(good, n, day, chance)
        for metric, share in METRICS[good.plan.split("-")[0]].items():
            yield metric, day, round(amount * share * chance.uniform(0.92, 1.08))


METRICS: Mapping[str, Mapping[Metric, float]] = {
    "web": {Metric.VISITS: 1, Metric.TRANSFER: MEGABYTES_PER_VISIT},
    "mail": {Metric.MESSAGES: 1},
    "newsletter": {Metric.MESSAGES: 1},
    "cloud": {Metric.CPU_HOURS: 1, Metric.TRANSFER: 190},
    "public": {Metric.CPU_HOURS: 1, Metric.TRANSFER: 85},
    "backup": {Metric.TRANSFER: 1},
}


def _amount(good: Good, n: int, day: date, chance: random.Random) -> float:
    if good.plan == "newsletter":  # one issue, on every second Tuesday
        return good.level if day.weekday() == 1 and day.toordinal() // 7 % 2 else 0
    season = 1 + 0.18 * math.sin(n / 19)
    weekend = good.weekend if day.weekday() >= SATURDAY else 1
    peak = 1.7 if chance.random() < 0.03 else 1
    return good.level * season * weekend * peak * chance.uniform(0.85, 1.15)
