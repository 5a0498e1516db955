"""Every page of the product, and who looks at it. A test fails for a page that is missing here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from tests.addresses import ADDRESSES, buying, buying_for_client, client_that_buys, payout, payout_run
from tests.browser.stage import Stage
from tests.factories import join, make_affiliate, make_organisation
from tests.times import NOW
from webapp import drafts, links
from webapp.accounts.models import User
from webapp.accounts.rules import Role
from webapp.database import Base
from webapp.directory.actions import leave, suspend
from webapp.directory.rules import SuspensionReason
from webapp.extensions import db
from webapp.invitations.models import Invitation
from webapp.mailer import address_of
from webapp.partnerships.models import Partnership, ProductGrant
from webapp.partnerships.rules import Access, Payer, Side
from webapp.payments.actions import import_statement, send_back
from webapp.payments.queries import kept_file
from webapp.payments.statements import read as read_statement
from webapp.tenders.models import Offer

Values = Callable[[Stage], dict[str, Any]]
CHANGES = "c" * 26  # the key of a draft


def _nothing(_stage: Stage) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Sight:
    """A page as somebody sees it: `who` is one of the cast, or empty for a visitor."""

    name: str
    endpoint: str
    who: str = ""
    values: Values = _nothing
    query: str = ""
    status: int = 200
    prepare: Callable[[Stage], None] | None = field(default=None, compare=False)

    def user(self, stage: Stage) -> User | None:
        """Who looks."""
        if not self.who:
            return None
        user: User = stage.adele if self.who == "adele" else getattr(stage.cast, self.who)
        return user

    def address(self, stage: Stage, language: str) -> str:
        """Where it is, without the host."""
        address = address_of(self.endpoint, lang=language, **self.values(stage))
        return "/" + address.split("/", 3)[3] + self.query


def _fresh_affiliate(stage: Stage) -> None:
    make_affiliate(stage.cast.stefans, by=stage.cast.stefan)


def _no_affiliate(stage: Stage) -> None:
    stage.cast.lumen.programme = None


def _no_operator(stage: Stage) -> None:
    stage.cast.olga.operator_since = None
    db.session.commit()


def _no_statements(stage: Stage) -> None:
    stage.cast.lumiere_partner.statement_mail = False
    db.session.commit()


def _lumen(stage: Stage) -> dict[str, Any]:
    return {"org": stage.cast.lumen.public_id}


def _stefans(stage: Stage) -> dict[str, Any]:
    return {"org": stage.cast.stefans.public_id}


def _lumiere(stage: Stage) -> dict[str, Any]:
    return {"org": stage.cast.lumiere.public_id}


def _asked(stage: Stage) -> dict[str, Any]:
    return {**_lumen(stage), "draft": stage.payments.asking}


def _transfer(stage: Stage) -> dict[str, Any]:
    return {"transfer": stage.payments.transfer.public_id}


def _booking(stage: Stage) -> dict[str, Any]:
    return {"order": stage.order.public_id, "draft": stage.payments.booking}


def _withdrawal(stage: Stage) -> dict[str, Any]:
    return {"withdrawal": stage.payments.withdrawal.public_id}


def _none_waits(stage: Stage) -> None:
    if stage.payments.transfer.assigned_at is None:
        send_back(stage.payments.transfer, by=stage.cast.olga, now=NOW)


def _known(stage: Stage) -> None:
    draft = drafts.find("statement", stage.payments.statement, now=NOW)
    assert draft
    content = kept_file(draft)
    assert content
    import_statement(read_statement(content), by=stage.cast.olga, now=NOW)


def _adeles(stage: Stage) -> dict[str, Any]:
    return {"org": stage.waiting.public_id}


def _colleague(stage: Stage) -> dict[str, Any]:
    return {**_lumen(stage), "colleague": stage.membership(stage.cast.hugo, stage.cast.lumen).public_id}


def _partner(stage: Stage) -> dict[str, Any]:
    return {**_lumen(stage), "partner": stage.partnership.public_id}


def _full(stage: Stage) -> None:
    stage.partnership.access = Access.FULL
    db.session.commit()


def _ended(stage: Stage) -> None:
    stage.partnership.ended_at, stage.partnership.ended_by_side = NOW, Side.CLIENT
    db.session.commit()


def _changed(stage: Stage, *, behind: int = 0) -> None:
    changes = {
        "partnership": stage.partnership.public_id, "by": stage.cast.nadia.public_id,
        "version": stage.partnership.version - behind, "wanted": {str(stage.product.id): "t"}, "access": "",
        "payer": "",
    }  # fmt: skip
    drafts.save("access", CHANGES, changes, now=NOW)


def _changed_too_late(stage: Stage) -> None:
    _changed(stage, behind=1)


def _overdue(stage: Stage) -> None:
    stage.product.renews_on = NOW.date() - timedelta(days=3)
    db.session.commit()


def _product(stage: Stage) -> dict[str, Any]:
    return {**_lumen(stage), "product": stage.product.public_id}


def _setting(stage: Stage) -> dict[str, Any]:
    return {**_product(stage), "setting": stage.product.settings[0].public_id}


def _tag(stage: Stage) -> dict[str, Any]:
    return {**_lumen(stage), "tag": stage.product.tags[0].public_id}


def _owner(stage: Stage) -> dict[str, Any]:
    return {"organisation": stage.cast.lumen.public_id}


def _owned(stage: Stage) -> dict[str, Any]:
    return {**_owner(stage), "product": stage.product.public_id}


def _received(tender: str) -> Values:
    return lambda stage: {**_lumiere(stage), "tender": getattr(stage, tender).public_id}


def _token(name: str) -> Values:
    return lambda stage: {"token": stage.tokens[name]}


def _asking(stage: Stage) -> dict[str, Any]:
    return {**_lumiere(stage), "draft": stage.asking}


def _request(stage: Stage) -> dict[str, Any]:
    return {"invitation": stage.request.public_id}


def _answering(stage: Stage) -> dict[str, Any]:
    return {**_lumen(stage), **_request(stage)}


def _asks_for_all(stage: Stage) -> None:
    stage.request.access, stage.request.payer, stage.request.asked = Access.FULL, Payer.PARTNER, []
    db.session.commit()


def _full_choice(stage: Stage) -> None:
    choice = {"org": stage.cast.lumen.public_id, "access": "full", "payer": "partner", "wanted": {}}
    drafts.save("grant", stage.request.public_id, choice, now=NOW)


def _second(stage: Stage) -> None:
    make_organisation("Noser Immobilienverwaltung", owner=stage.cast.nadia)


def _deleted(stage: Stage) -> None:
    stage.request.deleted_at = NOW
    db.session.commit()


def _client(partnership: str) -> Values:
    return lambda stage: {**_lumiere(stage), "client": getattr(stage, partnership).public_id}


def _managed(stage: Stage) -> dict[str, Any]:
    return {**_client("partnership")(stage), "product": stage.product.public_id}


def _managed_setting(stage: Stage) -> dict[str, Any]:
    return {**_managed(stage), "setting": stage.product.settings[0].public_id}


def _suspended(stage: Stage) -> None:
    if not stage.cast.lumiere_partner.suspended_at:  # a sight is looked at more than once
        suspend(stage.cast.lumiere_partner, SuspensionReason.OTHER, by=stage.cast.olga, now=NOW)


def _bergwerk(stage: Stage) -> dict[str, Any]:
    return {"org": stage.cast.bergwerk.public_id}


def _nobody_counts_on_bergwerk(stage: Stage) -> None:
    over: dict[type[Base], dict[str, Any]] = {
        Partnership: {"ended_at": NOW, "ended_by_side": Side.CLIENT},
        Invitation: {"deleted_at": NOW},
        Offer: {"withdrawn_at": NOW},
    }
    for table, values in over.items():
        mine = sa.column("partner_id") == stage.cast.bergwerk_partner.id
        db.session.execute(sa.update(table).where(mine).values(**values))
    db.session.commit()


def _left(stage: Stage) -> None:
    if not stage.cast.bergwerk_partner.left_at:
        leave(stage.cast.bergwerk_partner, by=stage.cast.berta, now=NOW)


def _adding(stage: Stage) -> dict[str, Any]:
    return {**_lumen(stage), "draft": stage.adding}


def _adding_full(stage: Stage) -> None:
    draft = drafts.find("invitation", stage.adding, now=NOW)
    assert draft
    full = {**draft.data, "access": "full", "payer": "partner"}
    stage.partnership.ended_at, stage.partnership.ended_by_side = NOW, Side.CLIENT
    db.session.query(ProductGrant).filter_by(partnership_id=stage.partnership.id).update({"ended_at": NOW})
    db.session.commit()
    drafts.save("invitation", stage.adding, full, now=NOW)


def _taken_meanwhile(stage: Stage) -> None:
    draft = drafts.find("invitation", stage.adding, now=NOW)
    assert draft
    kept = {**draft.data, "products": {**draft.data["products"], str(stage.product.id): "t"}}
    drafts.save("invitation", stage.adding, kept, now=NOW)


def _offered(stage: Stage) -> dict[str, Any]:
    return {**_lumiere(stage), "invitation": stage.offered.public_id}


def _over(**values: Any) -> Callable[[Stage], None]:
    def change(stage: Stage) -> None:
        for name, value in values.items():
            setattr(stage.offered, name, value)
        db.session.commit()

    return change


def _invoice(stage: Stage) -> dict[str, Any]:
    return {**_lumen(stage), "invoice": stage.order.invoice.public_id}


def _invoice_for_client(stage: Stage) -> dict[str, Any]:
    return {**_lumiere(stage), "invoice": stage.entrusted.invoice.public_id}


def _note(stage: Stage) -> dict[str, Any]:
    return {"invoice": stage.refunded.invoices[-1].public_id}


def _order(stage: Stage) -> dict[str, Any]:
    return {**_lumen(stage), "order": stage.order.public_id}


def _entrusted(stage: Stage) -> dict[str, Any]:
    return {**_lumiere(stage), "order": stage.entrusted.public_id}


def _any_order(stage: Stage) -> dict[str, Any]:
    return {"order": stage.refunded.public_id}


def _works_for_the_client(stage: Stage) -> None:
    """Nadia sees what Lumière has ordered and pays."""
    client = stage.entrusted.holder
    client.name = "Vereinigte Optik AG"
    if stage.cast.nadia not in [each.user for each in client.memberships]:
        join(stage.cast.nadia, client, Role.ADMINISTRATOR)
    db.session.commit()


def _clients(stage: Stage) -> dict[str, Any]:
    return {"org": stage.entrusted.holder.public_id}


def _clients_order(stage: Stage) -> dict[str, Any]:
    return {**_clients(stage), "order": stage.entrusted.public_id}


def _sold_out(stage: Stage) -> None:
    stage.product.plan.retired_at = NOW
    db.session.commit()


def _client_pays(stage: Stage) -> None:
    partnership = stage.entrusted.partnership
    assert partnership
    partnership.payer = Payer.CLIENT
    db.session.commit()


SIGHTS = (
    # visitors
    Sight("home", "pages.home"),
    Sight("imprint", "pages.legal", values=lambda _s: {"topic": "imprint"}),
    Sight("privacy", "pages.legal", values=lambda _s: {"topic": "privacy"}),
    Sight("accessibility", "pages.legal", values=lambda _s: {"topic": "accessibility"}),
    Sight("directory", "directory.index"),
    Sight("directory searched", "directory.index", query="?q=lumiere&service=web&speaks=fr&country=CH"),
    Sight("directory without results", "directory.index", query="?q=zzzz"),
    Sight("directory, next page", "directory.index", query="?page=2"),
    Sight("profile", "directory.profile", values=lambda s: {"slug": s.cast.lumiere_partner.slug}),
    Sight("become a partner", "directory.become"),
    Sight("affiliate programme", "affiliation.programme"),
    Sight("prices", "revenue.prices"),
    Sight("prices of many", "revenue.prices", query="?plan=web-pro&quantity=35&currency=EUR"),
    Sight("prices of how many?", "revenue.prices", query="?quantity=many"),
    Sight(
        "stop statements", "tenders.stop_mail",
        values=lambda s: {"token": links.stop_token("statements", s.cast.lumiere_partner.public_id)},
    ),
    Sight("new call", "tenders.new"),
    Sight("call typed", "tenders.edit", values=lambda s: {"draft": s.typed}),
    Sight("call to check", "tenders.check", values=lambda s: {"draft": s.typed}),
    Sight("call sent", "tenders.done", values=lambda s: {"draft": s.sent}),
    Sight("call to confirm", "tenders.manage", values=_token("unconfirmed")),
    Sight("call with offers", "tenders.manage", values=_token("tender")),
    Sight(
        "offer to accept", "tenders.acceptance",
        values=lambda s: {"token": s.tokens["tender"], "offer": s.offer.public_id},
    ),
    Sight("stop mail", "tenders.stop_mail", values=_token("stop")),
    Sight("sign in", "accounts.sign_in"),
    Sight("sign up", "accounts.sign_up"),
    Sight("forgot password", "accounts.forgot_password"),
    Sight("reset password", "accounts.reset_password", values=_token("reset")),
    Sight("verify address", "accounts.verify", values=_token("verify")),
    Sight("invitation", "organisations.invitation", values=_token("colleague")),
    Sight("invitation of somebody else", "organisations.invitation", "hugo", values=_token("colleague")),
    Sight("link that is over", "accounts.verify", values=lambda _s: {"token": "x" * 65}, status=410),
    Sight("not found", "directory.profile", values=lambda _s: {"slug": "nobody"}, status=404),
    Sight("first operator", "backoffice.setup", values=_token("setup"), prepare=_no_operator),
    # a client
    Sight("overview of a client", "pages.overview", "nadia", _lumen),
    Sight("calls of a client", "tenders.sent", "nadia", _lumen),
    Sight("no calls yet", "tenders.sent", "pierre", _lumiere),
    Sight("new call of a client", "tenders.new", "nadia"),
    Sight("team", "organisations.team", "nadia", _lumen),
    Sight("invite a colleague", "organisations.invite", "nadia", _lumen),
    Sight("change a role", "organisations.change_role", "nadia", _colleague),
    Sight("remove a colleague", "organisations.remove_member", "nadia", _colleague),
    Sight(
        "withdraw an invitation", "organisations.withdraw_invitation", "nadia",
        lambda s: {**_lumen(s), "invitation": s.invitation.public_id},
    ),
    Sight("settings", "organisations.settings", "nadia", _lumen),
    Sight("settings, too weak", "organisations.settings", "hugo", _lumen, status=403),
    Sight("application", "directory.apply", "nadia", _lumen, prepare=_no_affiliate),
    Sight("application of an affiliate", "directory.apply", "nadia", _lumen),
    Sight("application waits", "directory.apply", "adele", _adeles),
    Sight("account", "accounts.profile", "nadia"),
    Sight("password", "accounts.password", "nadia"),
    Sight("devices", "accounts.sessions", "nadia"),
    Sight("new organisation", "organisations.new", "nadia"),
    Sight("partners", "partners.index", "nadia", _lumen),
    Sight("no partner yet", "partners.index", "berta", lambda s: {"org": s.cast.bergwerk.public_id}),
    Sight("a partner", "partners.show", "nadia", _partner),
    Sight("a partner, changed", "partners.show", "nadia", _partner, f"?draft={CHANGES}", prepare=_changed),
    Sight("a partner, looked at", "partners.show", "hugo", _partner),
    Sight("a partner with full access", "partners.show", "nadia", _partner, prepare=_full),
    Sight("a suspended partner, for its client", "partners.show", "nadia", _partner, prepare=_suspended),
    Sight("a partner that was", "partners.show", "nadia", _partner, prepare=_ended),
    Sight("changes to review", "partners.review", "nadia", _partner, f"?draft={CHANGES}", prepare=_changed),
    Sight(
        "changes that came too late", "partners.review", "nadia", _partner, f"?draft={CHANGES}", status=409,
        prepare=_changed_too_late,
    ),
    Sight(
        "take a product away", "partners.remove_product", "nadia",
        lambda s: {**_partner(s), "product": s.product.public_id},
    ),
    Sight("who pays", "partners.payment", "nadia", _partner, prepare=_full),
    Sight("who pays, to check", "partners.check_payment", "nadia", _partner, "?payer=partner", prepare=_full),
    Sight("end a partnership", "partners.end", "nadia", _partner),
    Sight("partnership ended", "partners.ended", "nadia", _partner, prepare=_ended),
    Sight("products", "products.index", "nadia", _lumen),
    Sight("products searched", "products.index", "hugo", _lumen, query="?q=nothing"),
    Sight("no products yet", "products.index", "pierre", _lumiere),
    Sight("a product", "products.show", "nadia", _product, query="?days=90"),
    Sight("a product, looked at", "products.show", "hugo", _product),
    Sight("new setting", "products.new_setting", "nadia", _product),
    Sight("change a setting", "products.change_setting", "nadia", _setting),
    Sight("remove a setting", "products.remove_setting", "nadia", _setting),
    Sight("tags of a product", "products.tags", "hugo", _product),
    Sight("tags", "products.tag_list", "nadia", _lumen),
    Sight("no tags yet", "products.tag_list", "pierre", _lumiere),
    Sight("change a tag", "products.edit_tag", "nadia", _tag),
    Sight("merge a tag", "products.merge_tag", "nadia", _tag),
    Sight("delete a tag", "products.delete_tag", "nadia", _tag),
    Sight("renewals", "renewals.index", "nadia", _lumen, prepare=_overdue),
    Sight("nothing renews", "renewals.index", "pierre", _lumiere),
    Sight("no such page of renewals", "renewals.index", "adam", _lumen, query="?page=9"),
    Sight("mails about renewals", "renewals.notices", "nadia", _lumen),
    Sight("invoices", "invoices.index", "nadia", _lumen),
    Sight("invoices, past the last", "invoices.index", "nadia", _lumen, query="?page=9"),
    Sight("no invoices yet", "invoices.index", "berta", lambda s: {"org": s.cast.bergwerk.public_id}),
    Sight("an invoice", "invoices.show", "nadia", _invoice),
    Sight("an invoice for a client", "invoices.show", "pierre", _invoice_for_client),
    Sight("who earns", "orders.who_earns"),
    Sight("orders", "orders.index", "nadia", _lumen),
    Sight("orders, none in this state", "orders.index", "nadia", _lumen, query="?state=done"),
    Sight("orders that somebody else pays", "orders.index", "nadia", _clients, prepare=_works_for_the_client),
    Sight("no orders yet", "orders.index", "berta", lambda s: {"org": s.cast.bergwerk.public_id}),
    Sight("an order", "orders.show", "nadia", _order),
    Sight("an order that somebody else pays", "orders.show", "nadia", _clients_order, prepare=_works_for_the_client),
    Sight("an order for a client", "orders.show", "pierre", _entrusted),
    Sight("cancel an order", "orders.cancel_unpaid", "nadia", _order),
    Sight("prepaid account", "ledger.account", "adam", _lumen),
    Sight("prepaid account, other currency", "ledger.account", "nadia", _lumen, query="?currency=EUR"),
    Sight("prepaid account, nothing yet", "ledger.account", "pierre", _lumiere),
    Sight("pay in", "payments.pay_in", "adam", _lumen),
    Sight("withdrawals", "payments.withdrawals", "adam", _lumen),
    Sight("no withdrawals yet", "payments.withdrawals", "pierre", _lumiere),
    Sight("withdraw", "payments.withdraw", "nadia", _lumen),
    Sight("nothing to withdraw", "payments.withdraw", "berta", lambda s: {"org": s.cast.bergwerk.public_id}),
    Sight("change a withdrawal", "payments.change", "nadia", _asked),
    Sight("withdrawal to check", "payments.check", "nadia", _asked),
    Sight("add a partner: who", "invitations.who", "nadia", _adding),
    Sight("add a partner: found", "invitations.who", "nadia", _adding, query="?q=it"),
    Sight("add a partner: nobody found", "invitations.who", "nadia", _adding, query="?q=zzzz"),
    Sight("add a partner: access", "invitations.access", "nadia", _adding),
    Sight("add a partner: nothing left", "invitations.access", "nadia", _adding, prepare=_full),
    Sight("add a partner: products", "invitations.products", "nadia", _adding),
    Sight("add a partner: wallet", "invitations.wallet", "nadia", _adding, prepare=_adding_full),
    Sight("add a partner: check", "invitations.check", "nadia", _adding),
    Sight("add a partner: check full access", "invitations.check", "nadia", _adding, prepare=_adding_full),
    Sight("add a partner: taken meanwhile", "invitations.check", "nadia", _adding, prepare=_taken_meanwhile),
    Sight(
        "ask a partner for which organisation", "invitations.ask_partner", "nadia",
        lambda s: {"slug": s.cast.lumiere_partner.slug}, prepare=_second,
    ),
    Sight(
        "delete an invitation", "invitations.delete", "nadia",
        lambda s: {**_lumen(s), "invitation": s.awaited.public_id},
    ),
    Sight("request of a partner", "requests.grant", "nadia", _answering),
    Sight("request for full access", "requests.grant", "nadia", _answering, prepare=_asks_for_all),
    Sight("request to be granted", "requests.confirm", "nadia", _answering),
    Sight("request to be granted, full access", "requests.confirm", "nadia", _answering, prepare=_full_choice),
    Sight("request to be refused", "requests.refuse", "nadia", _request),
    Sight("request for which organisation", "requests.answer", "nadia", _request, prepare=_second),
    Sight("request deleted", "requests.answer", "nadia", _request, status=410, prepare=_deleted),
    Sight("sign up by a request", "requests.join", values=_token("request")),
    Sight("catalogue to order from", "ordering.catalogue", "nadia", buying),
    Sight("catalogue searched", "ordering.catalogue", "nadia", buying, query="?q=zzzz"),
    Sight("catalogue, nothing ordered yet", "ordering.catalogue", "adam", lambda s: {**_lumen(s), "draft": "b" * 26}),
    Sight("what can be renewed", "ordering.renewals", "nadia", buying),
    Sight("nothing to renew", "ordering.renewals", "pierre", lambda s: {**_lumiere(s), "draft": "b" * 26}),
    Sight("renew a product", "ordering.renew", "nadia", _product),
    Sight("lines of an order", "ordering.lines", "nadia", buying),
    Sight("lines of an order, one gone", "ordering.lines", "nadia", buying, prepare=_sold_out),
    Sight("no lines yet", "ordering.lines", "adam", lambda s: {**_lumen(s), "draft": "b" * 26}),
    Sight("order to check", "ordering.check", "nadia", buying),
    Sight("order placed", "ordering.placed", "nadia", lambda s: {**_lumen(s), "draft": s.order.key}),
    # a partner
    Sight("revenue", "revenue.index", "pierre", _lumiere),
    Sight(
        "revenue of another month", "revenue.index", "pierre", _lumiere, "?month=2026-10", prepare=_no_statements
    ),
    Sight("no revenue yet", "revenue.index", "berta", lambda s: {"org": s.cast.bergwerk.public_id}),
    Sight("prices of a partner", "revenue.partner_prices", "pierre", _lumiere, "?plan=web-pro&quantity=35"),
    Sight("prices of a partner, in EUR", "revenue.partner_prices", "pierre", _lumiere, "?currency=EUR"),
    Sight("ask a client", "requests.new", "pierre", _lumiere),
    Sight("ask whom", "requests.who", "pierre", _asking),
    Sight("ask for what", "requests.ask", "pierre", _asking),
    Sight("ask with a few words", "requests.message", "pierre", _asking),
    Sight("ask, to check", "requests.check", "pierre", _asking),
    Sight("overview of a partner", "pages.overview", "pierre", _lumiere),
    Sight("inbox", "inbox.index", "pierre", _lumiere),
    Sight("inbox filtered", "inbox.index", "pierre", _lumiere, query="?service=backup&language=de"),
    Sight("inbox, nothing aside", "inbox.index", "pierre", _lumiere, query="?tab=dismissed"),
    Sight("call received", "inbox.show", "pierre", _received("fresh")),
    Sight("call opened", "inbox.show", "pierre", _received("tender")),
    Sight("offer", "inbox.offer", "pierre", _received("tender")),
    Sight("preferences", "inbox.preferences", "pierre", _lumiere),
    Sight("directory profile", "directory.listing", "pierre", _lumiere),
    Sight("already a partner", "directory.apply", "pierre", _lumiere),
    Sight("invited, not signed in", "invitations.link", values=_token("offered")),
    Sight("invited by a client", "invitations.link", "pierre", _token("offered")),
    Sight("invited as somebody else", "invitations.link", "berta", _token("offered")),
    Sight("invited, in the own space", "invitations.received", "pierre", _offered),
    Sight(
        "invited, too late", "invitations.link", values=_token("offered"), status=410,
        prepare=_over(expires_at=NOW),
    ),
    Sight(
        "invitation deleted", "invitations.link", values=_token("offered"), status=410,
        prepare=_over(deleted_at=NOW),
    ),
    Sight(
        "invitation refused", "invitations.link", "pierre", _token("offered"), status=410,
        prepare=_over(refused_at=NOW),
    ),
    # a partner's clients
    Sight("clients", "clients.index", "pierre", _lumiere),
    Sight("clients filtered", "clients.index", "pierre", _lumiere, query="?q=zzzz&access=full&sort=since"),
    Sight("clients of a collaborator", "clients.index", "paula", _lumiere),
    Sight("no clients", "clients.index", "berta", _bergwerk),
    Sight("clients of a suspended partner", "clients.index", "pierre", _lumiere, prepare=_suspended),
    Sight("leaving, not yet", "clients.leaving", "pierre", _lumiere),
    Sight("leaving", "clients.leaving", "berta", _bergwerk, prepare=_nobody_counts_on_bergwerk),
    Sight("clients of who has left", "clients.index", "berta", _bergwerk, prepare=_left),
    Sight("a client", "clients.show", "pierre", _client("partnership")),
    Sight("a client of the past", "clients.show", "pierre", _client("past")),
    Sight("people of a client", "clients.people", "pierre", _client("partnership")),
    Sight("end with a client", "clients.end", "pierre", _client("partnership")),
    Sight("space of a client", "clients.products", "paula", _client("partnership")),
    Sight("product of a client", "clients.product", "paula", _managed),
    Sight("new setting for a client", "clients.new_setting", "paula", _managed),
    Sight("setting of a client", "clients.change_setting", "paula", _managed_setting),
    Sight("remove a setting of a client", "clients.remove_setting", "paula", _managed_setting),
    Sight("catalogue for a client", "ordering.catalogue_for_client", "pierre", buying_for_client),
    Sight("what can be renewed for a client", "ordering.renewals_for_client", "pierre", buying_for_client),
    Sight(
        "renew for a client", "ordering.renew_for_client", "pierre",
        lambda s: {**client_that_buys(s), "product": s.entrusted.lines[0].made[0].public_id},
    ),
    Sight("lines of a client's order", "ordering.lines_for_client", "pierre", buying_for_client),
    Sight("client's order to check", "ordering.check_for_client", "pierre", buying_for_client),
    Sight(
        "client's order to check, the client pays", "ordering.check_for_client", "pierre", buying_for_client,
        prepare=_client_pays,
    ),
    Sight(
        "client's order placed", "ordering.placed_for_client", "pierre",
        lambda s: {**client_that_buys(s), "draft": s.entrusted.key},
    ),
    Sight("no order with limited access", "ordering.new_for_client", "pierre", _client("partnership"), status=403),
    # the operator
    Sight("desk", "backoffice.desk", "olga"),
    Sight("applications", "backoffice.applications", "olga"),
    Sight(
        "an application", "backoffice.application", "olga",
        lambda s: {"application": s.application.public_id},
    ),
    Sight("organisations", "backoffice.organisations", "olga"),
    Sight(
        "an organisation", "backoffice.organisation", "olga",
        lambda s: {"organisation": s.cast.lumiere.public_id},
    ),
    Sight("orders on the desk", "orders.desk", "olga"),
    Sight("orders on the desk searched", "orders.desk", "olga", query="?q=zzzz&state=overdue"),
    Sight("an order on the desk", "orders.on_desk", "olga", _any_order),
    Sight("cancel an order on the desk", "orders.cancel", "olga", _any_order),
    Sight("refund an order", "orders.refund", "olga", _any_order),
    Sight(
        "refund to check", "orders.check_refund", "olga",
        lambda s: {**_any_order(s), "draft": s.refunding},
    ),
    Sight("payments", "payments.desk", "olga"),
    Sight("payments, all", "payments.desk", "olga", query="?state=all"),
    Sight("payments searched", "payments.desk", "olga", query="?state=all&q=zzzz"),
    Sight("payments, none waits", "payments.desk", "olga", prepare=_none_waits),
    Sight("import of a statement", "payments.import_statement", "olga"),
    Sight("exchange rates", "rates.desk", "olga"),
    Sight("links of an affiliate", "affiliation.links", "nadia", _lumen),
    Sight("a link to another page", "affiliation.links", "adam", _lumen, query="?address=/en/prices"),
    Sight("a link to nowhere", "affiliation.links", "nadia", _lumen, query="?address=/nowhere"),
    Sight("home, over somebody’s link", "pages.home", values=lambda s: {"ref": s.affiliate.tag}),
    Sight("earnings", "earnings.index", "nadia", _lumen),
    Sight("earnings, statement", "earnings.statement", "adam", _lumen),
    Sight("no earnings yet", "earnings.index", "stefan", _stefans, prepare=_fresh_affiliate),
    Sight("rates and rules", "affiliation.rates", "nadia", _lumen),
    Sight("missing orders", "affiliation.missing", "nadia", _lumen),
    Sight("closing an affiliate account", "affiliation.closing", "nadia", _lumen),
    Sight("joining", "affiliation.join", "stefan", _stefans),
    Sight("a partner can't join", "affiliation.join", "pierre", _lumiere),
    Sight("payouts", "payouts.index", "nadia", _lumen),
    Sight("no payouts yet", "payouts.index", "stefan", _stefans, prepare=_fresh_affiliate),
    Sight("payment preferences", "payouts.preferences", "nadia", _lumen),
    Sight("first payment preferences", "payouts.preferences", "stefan", _stefans, prepare=_fresh_affiliate),
    Sight("payout runs", "payouts.desk", "olga"),
    Sight("a payout run", "payouts.run", "olga", payout_run),
    Sight("a payout run, none came back", "payouts.run", "olga", payout_run, query="?state=returned"),
    Sight("carrying a payout run out", "payouts.execution", "olga", payout_run),
    Sight("a payout that came back", "payouts.take_back", "olga", payout),
    Sight("affiliates", "affiliates.index", "olga"),
    Sight("affiliates, none found", "affiliates.index", "olga", query="?q=zzz"),
    Sight("an affiliate", "affiliates.affiliate", "olga", lambda s: {"affiliate": s.affiliate.public_id}),
    Sight("a customer to be reviewed", "affiliates.review", "olga", lambda s: {"customer": s.won.public_id}),
    Sight("statement to check", "payments.check_statement", "olga", lambda s: {"draft": s.payments.statement}),
    Sight(
        "statement known already", "payments.check_statement", "olga",
        lambda s: {"draft": s.payments.statement}, prepare=_known,
    ),
    Sight("a transfer", "payments.transfer", "olga", _transfer),
    Sight("a transfer looked up", "payments.transfer", "olga", _transfer, query="?q=lu"),
    Sight("a transfer that was sent back", "payments.transfer", "olga", _transfer, prepare=_none_waits),
    Sight(
        "pay an order by a transfer", "payments.assign_order", "olga",
        lambda s: {**_transfer(s), "order": s.order.public_id},
    ),
    Sight(
        "a transfer onto an account", "payments.assign_account", "olga",
        lambda s: {**_transfer(s), "organisation": s.cast.lumiere.public_id},
    ),
    Sight("a transfer to send back", "payments.send_back", "olga", _transfer),
    Sight("payment by hand", "payments.new_payment", "olga", lambda s: {"order": s.order.public_id}),
    Sight("payment by hand changed", "payments.change_payment", "olga", _booking),
    Sight("payment to check", "payments.check_payment", "olga", _booking),
    Sight("withdrawals on the desk", "payments.withdrawal_desk", "olga"),
    Sight("withdrawals on the desk, all", "payments.withdrawal_desk", "olga", query="?state=all"),
    Sight("a withdrawal", "payments.withdrawal", "olga", _withdrawal),
    Sight("refuse a withdrawal", "payments.refuse", "olga", _withdrawal),
    Sight("invoices on the desk", "invoices.desk", "olga"),
    Sight("invoices on the desk searched", "invoices.desk", "olga", query="?q=zzzz&kind=credit_note"),
    Sight("a credit note on the desk", "invoices.on_desk", "olga", _note),
    Sight(
        "an invoice on the desk", "invoices.on_desk", "olga",
        lambda s: {"invoice": s.refunded.invoice.public_id},
    ),
    Sight("orders from outside", "api_desk.messages", "olga"),
    Sight("orders from outside searched", "api_desk.messages", "olga", query="?q=zzzz"),
    Sight("keys", "api_desk.keys", "olga"),
    Sight("make a key", "api_desk.new_key", "olga"),
    Sight("revoke a key", "api_desk.revoke", "olga", lambda s: {"key": s.key.public_id}),
    Sight("catalogue", "products.catalogue", "olga"),
    Sight("new plan", "products.new_plan", "olga"),
    Sight("a plan", "products.edit_plan", "olga", lambda s: {"plan": s.product.plan.public_id}),
    Sight("import of the catalogue", "products.import_plans", "olga"),
    Sight("import to check", "products.check_import", "olga", lambda s: {"draft": s.catalogue}),
    Sight("import of usage", "products.import_usage", "olga"),
    Sight("products on the desk", "products.owned", "olga", _owner),
    Sight("ended products on the desk", "products.owned", "olga", _owner, query="?state=ended"),
    Sight("new product", "products.new_product", "olga", _owner),
    Sight("a product on the desk", "products.edit_product", "olga", _owned),
    Sight("end a product", "products.end_product", "olga", _owned),
    Sight(
        "a suspended partner", "backoffice.organisation", "olga",
        lambda s: {"organisation": s.cast.lumiere.public_id}, prepare=_suspended,
    ),
    Sight(
        "suspend a partner", "backoffice.suspend", "olga",
        lambda s: {"organisation": s.cast.lumiere.public_id},
    ),
    Sight("calls on the desk", "backoffice.tender_list", "olga"),
    Sight("a call on the desk", "backoffice.tender", "olga", lambda s: {"tender": s.tender.public_id}),
    Sight("the policy", "backoffice.programme", "olga"),
    Sight("mail log", "backoffice.mails", "olga"),
)  # fmt: skip


def forgotten() -> set[str]:
    """Pages of tests/addresses.py that stand in no line above. (`sign_up_done` is part of a flow.)"""
    pages = {name for name, address in ADDRESSES.items() if address.get == 200 and address.page}
    return pages - {sight.endpoint for sight in SIGHTS}
