"""A stage on which every page has something to show: what the tests of all pages look at."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from PIL import Image
from werkzeug.datastructures import FileStorage

from tests.api.story import event_of, make_api_key, order_of, take
from tests.cast import Cast, assemble
from tests.factories import (
    join,
    make_affiliate,
    make_application,
    make_assignment,
    make_customer,
    make_invitation,
    make_offer,
    make_order,
    make_organisation,
    make_partner,
    make_partnership,
    make_plan,
    make_prepaid,
    make_product,
    make_recipient,
    make_setting,
    make_tag,
    make_tender,
    make_upload,
    make_usage,
    make_user,
    make_waiting_transfer,
    make_withdrawal,
)
from tests.payments.story import file_of
from tests.payouts.story import affiliate, earn, to
from tests.payouts.story import payouts as paid
from tests.times import NOW
from webapp import drafts, links, mailer, uploads
from webapp.accounts import actions as accounts
from webapp.accounts.models import Membership, Organisation, User
from webapp.accounts.rules import Role
from webapp.affiliation import queries as affiliates
from webapp.affiliation.models import AffiliateAccount, Attribution
from webapp.api.models import ApiKey
from webapp.directory.models import Application, PartnerAccount
from webapp.extensions import db
from webapp.inbox import actions as inbox
from webapp.invitations.models import Invitation
from webapp.invitations.queries import PURPOSE
from webapp.invitations.rules import Direction
from webapp.mailer import QueuedMail
from webapp.money import Money
from webapp.orders import actions as orders
from webapp.orders.models import Order
from webapp.orders.quotes import Wanted
from webapp.organisations import actions as organisations
from webapp.organisations.models import ColleagueInvitation
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import EVERYTHING, Access, Payer, Rights
from webapp.payments import actions as payments
from webapp.payments.models import IncomingTransfer, Withdrawal
from webapp.payments.queries import top_up_reference
from webapp.payments.rules import Kind as PayoutKind
from webapp.payouts import actions as payouts
from webapp.payouts.models import Payout
from webapp.payouts.rules import Kind as PayoutsKind
from webapp.products.models import Product
from webapp.products.rules import Colour, Family, Metric, Period, PlanDetails
from webapp.tenders import actions as tenders
from webapp.tenders.models import Offer, Tender
from webapp.unit import unit_of_work

LONG_NAME = "Gesellschaft für Rechenzentrumsbetrieb und Unternehmenskommunikation mbH"


@dataclass(frozen=True)
class Payments:
    """Money that comes and goes: a transfer that waits, a withdrawal of Lumen Optik's that waits, and keys."""

    transfer: IncomingTransfer
    withdrawal: Withdrawal
    asking: str  # of a withdrawal of Nadia's that can be requested
    statement: str  # of a file that can be imported
    booking: str  # of a payment for `Stage.order` that can be booked


@dataclass(frozen=True)
class Stage:
    """Rows that pages are about, and the tokens of mailed links."""

    cast: Cast
    tender: Tender  # open; Pierre has opened it and made an offer, Berta has made one
    fresh: Tender  # open; nobody has opened it
    unconfirmed: Tender
    own: Tender  # Lumen Optik's
    offer: Offer
    application: Application
    waiting: Organisation  # of the application, Adele's
    adele: User
    invitation: ColleagueInvitation
    typed: str  # key of a draft that can be sent
    sent: str  # key of a draft that was sent
    product: Product  # Lumen Optik's, with settings, usage and two tags
    catalogue: str  # key of the draft of a file that changes the catalogue
    partnership: Partnership  # Lumière may do everything with `product` of Lumen Optik; Paula looks after it
    past: Partnership  # Lumière and Stranger & Sons; it has ended
    tokens: dict[str, str]
    request: Invitation  # of Bergwerk IT to Nadia, who has begun to answer it
    asking: str  # key of a request of Pierre's that can be sent
    offered: Invitation  # of Stranger & Sons to Lumière: products, one of which is gone
    awaited: Invitation  # of Lumen Optik to Bergwerk IT; sent so long ago that it can be sent again
    adding: str  # key of an invitation of Nadia's that can be sent
    order: Order  # Lumen Optik's, for which a part has arrived
    entrusted: Order  # Lumière has ordered and pays it, for another client
    refunded: Order  # that client's; paid, partly refunded, and Lumière has cashback of it
    refunding: str  # key of a further refund of it that can be done
    buying: str  # key of an order of Nadia's that can be placed
    buying_for_client: str  # the same of Pierre's, for the client of `entrusted`
    payments: Payments
    key: ApiKey  # of an outside shop
    affiliate: AffiliateAccount  # Lumen Optik's, with orders in every state
    won: Attribution  # a customer of it that looks suspicious
    payout: Payout  # Lumen Optik's, by bank, in a run that is to be carried out

    def membership(self, user: User, organisation: Organisation) -> Membership:
        """The person's place in the organisation."""
        found = db.session.query(Membership).filter_by(user_id=user.id, organisation_id=organisation.id).one()
        return found


def picture(pixels: int = 300) -> bytes:
    """A PNG."""
    output = io.BytesIO()
    Image.new("RGB", (pixels, pixels), "#3355aa").save(output, "PNG")
    return output.getvalue()


def typed_call(**values: object) -> dict[str, object]:
    """What the draft of a right form holds."""
    return {
        "title": "Forty mailboxes move house", "description": "We have forty mailboxes abroad. " * 4,
        "budget": "", "start": "month", "validity_days": "30", "contact_name": "Vera Visitor",
        "contact_company": "Visitor & Co", "contact_email": "vera@visitor.example", "contact_phone": "",
        "services": ["mail", "web"], "reply_languages": ["en", "de", "fr"], "place": "CH-BE", "country": "CH",
        "region": "CH-BE", "currency": "CHF", "language": "en", "org": "", "complete": True, **values,
    }  # fmt: skip


@unit_of_work
def _dead_mail(tender: Tender, now: datetime) -> None:
    mailer.queue(
        "tender_received", mailer.Address("gone@visitor.example", "Gone", "en", "CH"), tender, now=now
    )
    db.session.flush()
    mail = db.session.query(QueuedMail).filter_by(address="gone@visitor.example").one()
    mail.dead_at, mail.attempts, mail.last_error = now, 8, "550 5.1.1 There is no such mailbox here"


@unit_of_work
def _link(purpose: str, subject: int, now: datetime) -> str:
    return links.issue(purpose, subject, expires_at=now + timedelta(days=30), now=now).token


def _products(cast: Cast, now: datetime) -> Product:
    """Lumen Optik's products; the first one with everything that a product can have."""
    web = make_plan(
        "web-pro", name_en="Web Hosting Pro", name_fr="Hébergement Web Pro", name_de="Webhosting Pro"
    )
    mail = make_plan("mail-24", Family.MAIL, name="Mail Service", period=Period.MONTH)
    make_plan("web-old", name="Web Hosting Classic", retired_at=now - timedelta(days=40))
    product = make_product(cast.lumen, "shop.lumen-optik.ch", web)
    other = make_product(
        cast.lumen, "unternehmenskommunikation-und-rechenzentrumsbetrieb.lumen-optik.ch", web
    )
    post = make_product(cast.lumen, "lumen-optik.ch (24 mailboxes)", mail, auto_renew=False)
    make_product(cast.lumen, "alt.lumen-optik.ch", web, ended_at=now - timedelta(days=9))
    make_setting(product)
    make_setting(product, "Document root", "/srv/customers/lumen-optik.ch/shop/public/current/htdocs")
    make_tag(cast.lumen, "prod", Colour.GREEN, [product, post])
    make_tag(cast.lumen, "shop", Colour.BLUE, [product])
    make_tag(cast.lumen, "Unternehmensauftritt 27", Colour.YELLOW, [other])
    for n in range(40):
        day = now.date() - timedelta(days=n)
        make_usage(product, day, amount=900 + 37 * (n % 7) - 11 * n)
        make_usage(product, day, metric=Metric.TRANSFER, amount=100 * n)
    return product


def _partnerships(
    cast: Cast, product: Product, now: datetime
) -> tuple[Partnership, Partnership, Partnership]:
    """One of Lumière's that stands, one that has ended, and one in which it pays."""
    partnership = make_partnership(cast.lumen, cast.lumiere_partner, products=[product])
    paula = db.session.query(Membership).filter_by(user_id=cast.paula.id).one()
    make_assignment(partnership, paula)
    ended_at = now - timedelta(days=1)
    past = make_partnership(cast.stefans, cast.lumiere_partner, Access.FULL, ended_at=ended_at)
    pays = make_partnership(make_organisation(LONG_NAME), cast.lumiere_partner, Access.FULL, Payer.PARTNER)
    return partnership, past, pays


def _money(cast: Cast, now: datetime) -> None:
    """Lumen Optik has paid in, in both currencies."""
    for days, minor, currency in (
        (70, 1_250_000, "CHF"), (40, 99_95, "CHF"), (12, 10_000, "EUR"), (3, 50_000, "CHF"), (1, 1_234_567, "CHF"),
    ):  # fmt: skip
        make_prepaid(cast.lumen, minor, currency, now=now - timedelta(days=days))


def _catalogue_file(now: datetime) -> str:
    """The key of a file with a new plan and a changed one, checked and not imported yet."""
    names = dict.fromkeys(("en", "fr", "de"), "Web Hosting Max")
    new = PlanDetails("web-max", Family.WEB, names, Period.YEAR, 24_000, 22_000, 25, True, False)
    dearer = replace(new, code="web-pro", price_chf=13_000)
    key = drafts.new_key()
    rows = [{"details": each.as_data(), "retired": None} for each in (new, dearer)]
    drafts.save("catalogue", key, {"plans": rows}, now=now)
    return key


RIGHTS = {Family.WEB: EVERYTHING, Family.MAIL: Rights(statistical=True)}


def token_of(invitation: Invitation) -> str:
    """The token of its mailed link."""
    link = links.live(PURPOSE, invitation.id)
    assert link
    return link.token


def _newcomers_link(cast: Cast) -> str:
    """Lumière asks somebody without an account."""
    partner = cast.lumiere_partner
    return token_of(
        make_invitation(Direction.TO_CLIENT, partner, cast.pierre, email="vera@new.example", asked=RIGHTS)
    )


def _requests(cast: Cast, now: datetime) -> tuple[Invitation, str]:
    """A request that is being answered, and one that is being written."""
    request = make_invitation(
        Direction.TO_CLIENT, cast.bergwerk_partner, cast.berta, email=cast.nadia.email, asked=RIGHTS,
        message="Wir haben am Montag telefoniert.\nFreundliche Grüsse",
    )  # fmt: skip
    post = db.session.query(Product).filter_by(label="lumen-optik.ch (24 mailboxes)").one()
    choice = {"access": "limited", "payer": "", "wanted": {str(post.id): "ts"}}
    drafts.save("grant", request.public_id, {"org": cast.lumen.public_id, **choice}, now=now)
    pierre = db.session.query(Membership).filter_by(user_id=cast.pierre.id).one()
    typed = {
        "by": pierre.public_id, "done": ["who", "ask", "message"], "email": "hans@client.example",
        "language": "de", "access": "limited", "payer": "", "message": "Guten Tag",
        "rights": ["web:technical", "web:statistical", "mail:statistical"],
    }  # fmt: skip
    asking = drafts.new_key()
    drafts.save("request", asking, typed, now=now)
    return request, asking


def _invitations(cast: Cast, now: datetime) -> tuple[Invitation, Invitation, str]:
    """One that a partner has got, one that a client waits for, and one that is being written."""
    goods = [make_product(cast.stefans, f"{name}.stranger.example") for name in ("shop", "archive", "wiki")]
    offered = make_invitation(
        Direction.TO_PARTNER, cast.lumiere_partner, cast.stefan, client=cast.stefans, products=goods,
        message="We met in Vevey.\nShall we begin in January?",
    )  # fmt: skip
    goods[1].ended_at = now
    post = db.session.query(Product).filter_by(label="lumen-optik.ch (24 mailboxes)").one()
    awaited = make_invitation(
        Direction.TO_PARTNER, cast.bergwerk_partner, cast.nadia, client=cast.lumen, products=[post]
    )
    nadia = db.session.query(Membership).filter_by(user_id=cast.nadia.id).one()
    third = db.session.query(PartnerAccount).filter_by(name="Company 01 AG").one()
    choice = {
        "by": nadia.public_id, "partner": third.public_id, "access": "limited", "payer": None,
        "products": {str(post.id): "ts"}, "message": "",
    }  # fmt: skip
    adding = drafts.new_key()
    drafts.save("invitation", adding, choice, now=now)
    return offered, awaited, adding


def _orders(
    cast: Cast, product: Product, pays: Partnership, now: datetime
) -> tuple[Order, Order, Order, str]:
    """One that waits for money, one of a partner for its client, one that was refunded in part, and a refund."""
    server = make_plan(
        "vps-8", Family.CLOUD, name="VPS 8", period=Period.MONTH, sliding=False, price_chf=4_990
    )
    label = "unternehmenskommunikation-und-rechenzentrumsbetrieb.example.com"
    site, vps = Wanted(product.plan, label, 12, 2), Wanted(server, "vps-zrh-02", 1, 6)
    order = make_order(cast.lumen, site, vps, by=cast.nadia, key=drafts.new_key())
    entrusted = make_order(
        pays.client, site, vps, acting=pays, by=cast.pierre, paid=True, key=drafts.new_key()
    )
    refunded = make_order(pays.client, site, vps, paid=True)
    line, at = refunded.lines[0], refunded.placed_at
    part = order.money(20_000)
    payments.book_payment(order, part, booked_on=at.date(), key=drafts.new_key(), by=cast.olga, now=at)
    orders.credit(refunded, {line.id: Money(5_000, "CHF")}, reason="Zu langsam", by=cast.olga, now=at)
    key = drafts.new_key()
    wanted = {
        "order": refunded.public_id,
        "amounts": {str(line.id): 10_000},
        "reason": "Zwei Tage ausgefallen",
    }
    drafts.save("refund", key, {**wanted, "credited": refunded.credited}, now=now)
    return order, entrusted, refunded, key


def _payments(cast: Cast, order: Order, now: datetime) -> Payments:
    """Transfers and withdrawals in every state, and what can be done next."""
    transfer = make_waiting_transfer(
        12_345_678, text="Rechnung vom November, vielen Dank für die gute Zusammenarbeit im ganzen Jahr 2026"
    )
    payments.send_back(make_waiting_transfer(2_000, "EUR"), by=cast.olga, now=now)
    paid, refused = (make_withdrawal(cast.lumen, cast.nadia, minor) for minor in (2_500, 99_995))
    payments.pay_withdrawal(paid, by=cast.olga, now=now)
    payments.refuse_withdrawal(refused, reason="Das Konto ist geschlossen.", by=cast.olga, now=now)
    make_withdrawal(cast.lumen, cast.nadia, kind=PayoutKind.PAYPAL, target="nadia@lumen.example")
    withdrawal = make_withdrawal(cast.lumen, cast.nadia, 50_000)
    nadia = db.session.query(Membership).filter_by(user_id=cast.nadia.id).one()
    asking, booking = drafts.new_key(), drafts.new_key()
    drafts.save("withdrawal", asking, {
        "by": nadia.public_id, "currency": "CHF", "amount": "75.50", "kind": "iban", "minor": 7_550,
        "iban": "CH56 0483 5012 3456 7800 9", "paypal": "", "target": "CH5604835012345678009",
    }, now=now)  # fmt: skip
    drafts.save("payment", booking, {
        "order": order.public_id, "amount": "100", "booked_on": "20.11.2026", "minor": 10_000,
        "day": "2026-11-20",
    }, now=now)  # fmt: skip
    content = file_of(
        ("12.50", top_up_reference(cast.lumen), ""), ("100.00", order.reference, ""), ("5.00", "", "Danke")
    )
    statement = payments.keep_statement(content, by=cast.olga, now=now)
    return Payments(transfer, withdrawal, asking, statement, booking)


def _baskets(cast: Cast, product: Product, pays: Partnership, now: datetime) -> tuple[str, str]:
    """Two orders that are being put together: something new, a domain, and a renewal."""
    domain = make_plan("ch", Family.DOMAIN, name="Domain .ch", price_chf=1_000, sliding=False)
    theirs = db.session.query(Product).filter_by(organisation_id=pays.client_id).order_by(Product.id).first()
    assert theirs
    keys = []
    for person, holder, renewed in ((cast.nadia, cast.lumen, product), (cast.pierre, pays.client, theirs)):
        member = db.session.query(Membership).filter_by(user_id=person.id).first()
        assert member
        new = {"key": drafts.new_key(), "quantity": 1, "periods": 1}
        label = "unternehmenskommunikation-und-rechenzentrumsbetrieb.example.com"
        items = [
            {**new, "plan": product.plan.public_id, "label": label, "quantity": 35},
            {
                **new,
                "key": drafts.new_key(),
                "plan": domain.public_id,
                "label": "brillen-und-sonnenbrillen.ch",
            },
            {**new, "key": drafts.new_key(), "product": renewed.public_id, "label": ""},
        ]
        keys.append(drafts.new_key())
        kept = {"by": member.public_id, "for": holder.public_id, "items": items, "method": None}
        drafts.save("order", keys[-1], kept, now=now)
    return keys[0], keys[1]


def _shop(cast: Cast, product: Product, now: datetime) -> ApiKey:
    """The key of an outside shop, and messages of it: taken in, parked, and some that do not fit."""
    key = make_api_key(cast.olga, "Webshop des Fachhandels")
    early = (
        event_of("paid", "129.72", "EUR"),
        event_of("refunded", "5.00", external_id="Fachhandel/2026/" + "0" * 80 + "1002"),
    )
    for body in (*early, order_of(cast.stefans, product.plan), event_of("refunded", "99999.00")):
        take(body, now=now)
    return key


def _affiliation(cast: Cast, product: Product, now: datetime) -> tuple[AffiliateAccount, Attribution]:
    """Lumen Optik recommends: orders that wait, are confirmed, came back, do not count, or lack something."""
    account = make_affiliate(cast.lumen, by=cast.nadia, now=now - timedelta(days=300))
    long_ago = now - timedelta(days=200)
    site = Wanted(product.plan, "example.com", 3)
    excluded = make_plan("ch-aff", Family.DOMAIN, name="Domain .ch", price_chf=1_500, affiliates=False)
    regular = make_customer(account, LONG_NAME, now=long_ago)
    for days in (200, 150, 90, 60, 12, 3):
        make_order(regular, site, now=now - timedelta(days=days), paid=days != 3)
    given_back = make_order(regular, site, now=now - timedelta(days=20), paid=True)
    orders.cancel(given_back, reason="Zurückgegeben", by=cast.olga, now=now - timedelta(days=18))
    make_order(regular, Wanted(excluded, "brillen.ch"), now=now - timedelta(days=8), paid=True)
    abroad = make_customer(account, "Optique du Lac SARL", country="FR", currency="EUR", language="fr")
    make_order(abroad, site, now=now - timedelta(days=1), paid=True)
    lookalike = make_customer(
        account, "Lumen Zwei", street=cast.lumen.street, postcode=cast.lumen.postcode, register_number=None
    )
    make_order(lookalike, site, now=now - timedelta(days=1), paid=True)
    won = affiliates.attribution_of(lookalike.id)
    assert won
    return account, won


def _payouts(cast: Cast, account: AffiliateAccount, now: datetime) -> Payout:
    """Lumen Optik was paid once and is about to be paid again; what another one got by PayPal came back."""
    long_ago = now - timedelta(days=150)
    other = to(affiliate(f"{LONG_NAME} Zwei"), PayoutsKind.PAYPAL, changed=long_ago)
    earn(other, 12_345, now=now - timedelta(days=120))
    earn(affiliate("Paula Prepaid"), now=now - timedelta(days=60))
    earn(
        to(affiliate("Paul PayPal"), PayoutsKind.PAYPAL, "paul@paypal.example"), now=now - timedelta(days=60)
    )
    to(account, changed=long_ago)
    for at in (now - timedelta(days=80), now):
        payouts.run_due(now=at)
        first = paid(account)[0]
        if first.executed_at is None:
            payouts.take_back(paid(other)[0], reason="Das Konto ist geschlossen.", by=cast.olga, now=at)
            payouts.execute(first.run, by=cast.olga, now=at)
    return paid(account)[-1]


def people_and_stage(companies: int) -> Stage:
    """All of it, in an empty database."""
    return set_stage(assemble(), NOW, companies=companies)


def set_stage(cast: Cast, now: datetime, *, companies: int = 25) -> Stage:
    """Writes it all, with so many other partners in the directory."""
    for n in range(companies):
        company = make_organisation(f"Company {n:02} AG" if n else LONG_NAME, country="DE" if n % 3 else "CH")
        make_partner(
            company,
            texts={("en", "fr", "de")[n % 3]: "We look after shops, mail and servers. " * (n % 4 + 1)},
        )
    tender = make_tender(
        reference="CT-QWERTZ2",
        files=[make_upload(filename="Unternehmenskommunikationskonzept_2026_final.pdf")],
        confirmed_at=now - timedelta(days=1),
    )  # fmt: skip
    fresh = make_tender(
        reference="CT-ASDFGH3", title="Ein Webshop für Brillen und Sonnenbrillen", language="de",
        confirmed_at=now - timedelta(hours=2), budget_least=None, budget_most=None,
    )  # fmt: skip
    unconfirmed = make_tender(reference="CT-YXCVBN4", confirmed_at=None)
    own = make_tender(
        reference="CT-POIUZT5", title="Server für das Lager", language="de", organisation_id=cast.lumen.id,
        user_id=cast.nadia.id, contact_email=cast.nadia.email, confirmed_at=now - timedelta(days=3),
    )  # fmt: skip
    partners = (cast.lumiere_partner, cast.pierre), (cast.bergwerk_partner, cast.berta)
    for call in (tender, fresh, own):
        for partner, _person in partners:
            received = make_recipient(call, partner)
            if call is tender:
                inbox.open_contact(received, by=_person, now=now - timedelta(hours=3))
    offer = make_offer(tender, cast.lumiere_partner, cast.pierre, pdf=make_upload(filename="offre.pdf"))
    make_offer(
        tender, cast.bergwerk_partner, cast.berta, price_most=990_000, language="de",
        message="Wir könnten nächste Woche anfangen.\nDer Preis gilt für alles.",
    )  # fmt: skip
    adele = make_user("Adele Anwärterin", language="de")
    waiting = make_organisation("Anwärter Informatik GmbH", owner=adele)
    application = make_application(waiting, adele)
    checked = uploads.check_picture(
        FileStorage(io.BytesIO(picture()), filename="me.png"), smallest=210, largest=420, square=True
    )
    accounts.change_profile(
        cast.nadia, name=cast.nadia.name, language="de", region="CH", avatar=checked, by=cast.nadia, now=now
    )
    organisations.invite(
        cast.lumen, email="clara@lumen.example", role=Role.COLLABORATOR, language="de", by=cast.nadia, now=now
    )
    invitation = db.session.query(ColleagueInvitation).one()
    newcomer = make_user("Nino Neu", verified_at=None)
    _dead_mail(tender, now)
    typed, sent = drafts.new_key(), drafts.new_key()
    drafts.save("tender", typed, typed_call(), now=now)
    draft = drafts.save("tender", sent, typed_call(), now=now)
    tenders.send(draft, by=None, organisation=None, now=now)
    join(cast.stefan, cast.lumiere, Role.COLLABORATOR)
    tokens = {
        "request": _newcomers_link(cast),
        "tender": _link("tender", tender.id, now),
        "unconfirmed": _link("tender", unconfirmed.id, now),
        "own": _link("tender", own.id, now),
        "verify": _link("verify", newcomer.id, now),
        "reset": _link("reset", cast.nadia.id, now),
        "colleague": _link("colleague", invitation.id, now),
        "setup": _link("setup", 0, now),
        "stop": links.stop_token("tenders", cast.lumiere_partner.public_id),
    }
    product = _products(cast, now)
    partnership, past, pays = _partnerships(cast, product, now)
    request, asking = _requests(cast, now)
    offered, awaited, adding = _invitations(cast, now)
    tokens["offered"] = token_of(offered)
    _money(cast, now)
    bought = _orders(cast, product, pays, now)
    baskets = _baskets(cast, product, pays, now)
    came_and_went, shop = _payments(cast, bought[0], now), _shop(cast, product, now)
    account, won = _affiliation(cast, product, now)
    return Stage(
        cast,
        tender,
        fresh,
        unconfirmed,
        own,
        offer,
        application,
        waiting,
        adele,
        invitation,
        typed,
        sent,
        product,
        _catalogue_file(now),
        partnership,
        past,
        tokens,
        request,
        asking,
        offered,
        awaited,
        adding,
        *bought,
        *baskets,
        came_and_went,
        shop,
        account,
        won,
        _payouts(cast, account, now),
    )
