"""The way of an order, for an organisation itself and for a partner's client: each page has two addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, Response, abort, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts
from webapp.accounts.access import own_draft, person
from webapp.drafts import Draft
from webapp.forms import BaseForm
from webapp.found import found
from webapp.htmx import go, page_number, render, show, wants_fragment
from webapp.i18n import gettext as _
from webapp.i18n import tell
from webapp.ledger.rules import NotEnough
from webapp.limits import Limit
from webapp.ordering import actions, labels, queries
from webapp.ordering.access import for_client, for_itself
from webapp.ordering.forms import AddForm, LinesForm, PlaceForm, RenewalForm, periods_choices
from webapp.ordering.models import Purchase
from webapp.ordering.rules import AmountChanged, InOrderAlready, LinesChanged, OrderFull, PayerChanged
from webapp.ordering.selection import DRAFT, Basket
from webapp.orders.rules import (
    Method,
    NoInvoice,
    NotRenewable,
    NotSold,
    RenewedAlready,
    TooFarAhead,
    TooManyProducts,
)
from webapp.products import queries as products
from webapp.products.forms import read_family, read_search
from webapp.products.rules import PlanRetired, ProductEnded
from webapp.refused import Refused

blueprint = Blueprint("ordering", __name__)
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)

blueprint.add_app_template_filter(periods_choices)

View = TypeVar("View", bound=Callable[..., Any])

CHECK_AGAIN = (LinesChanged, AmountChanged, PayerChanged, NotEnough, NoInvoice)
# Lines that can’t be had, or not any more.
GONE = (NotSold, NotRenewable, RenewedAlready, TooFarAhead, TooManyProducts)
ORDERS = Limit("orders", 200, timedelta(days=1))  # by one organisation, for itself and for clients


def way(address: str, *methods: str) -> Callable[[View], View]:
    """The view answers for an organisation itself, and for a client as `<view>_for_client`."""

    def decorate(view: View) -> View:
        name = view.__name__
        for start, called, guarded in (
            ("/o/<org>", name, for_itself(view)),
            ("/o/<org>/clients/<client>", f"{name}_for_client", for_client(view)),
        ):
            blueprint.add_url_rule(start + address, called, guarded, methods=methods or ("GET",))
        return view

    return decorate


@blueprint.app_template_global()
def order_at(purchase: Purchase, endpoint: str, /, **values: Any) -> str:
    """The address of a page of this order."""
    org = purchase.organisation.public_id
    if purchase.partnership is None:
        return url_for(f"ordering.{endpoint}", org=org, **values)
    return url_for(
        f"ordering.{endpoint}_for_client", org=org, client=purchase.partnership.public_id, **values
    )


def _page(page: str, purchase: Purchase, form: BaseForm | None = None, /, **values: Any) -> Response:
    """A page of the way: in the shell of the organisation, or beneath the bar that says for whom somebody acts."""
    return show(
        page, form, purchase=purchase, membership=purchase.membership, partnership=purchase.partnership, **values
    )  # fmt: skip


# --- the order so far ---------------------------------------------------------------------------------------


def with_basket(view: View) -> View:
    """The view gets the order that is kept under the key in the address: an empty one where there is none yet."""

    @wraps(view)
    def guarded(purchase: Purchase, draft: str) -> object:
        kept = own_draft(DRAFT, draft, purchase.membership)
        if kept and kept.data["for"] != purchase.holder.public_id:
            abort(404)
        if queries.placed(purchase, draft):
            if request.endpoint not in ("ordering.place", "ordering.place_for_client"):
                flash(_("This order has been placed already."))
            return go(order_at(purchase, "placed", draft=draft))
        return view(purchase, Basket.read(kept.data if kept else {}, purchase, draft))

    return guarded  # type: ignore[return-value] # the key became the basket


def _keep(basket: Basket) -> Draft:
    return drafts.save(DRAFT, basket.key, basket.as_kept, now=clock.now())


def _at(basket: Basket, endpoint: str, /, **values: Any) -> str:
    return order_at(basket.purchase, endpoint, draft=basket.key, **values)


@way("/orders/new")
def new(purchase: Purchase) -> AnyResponse:
    """On to the catalogue, under a key of its own; nothing is kept before something is in the order."""
    return go(order_at(purchase, "catalogue", draft=drafts.new_key()))


# --- what can be had ----------------------------------------------------------------------------------------


@way("/orders/new/<draft>", "GET", "POST")
@with_basket
def catalogue(purchase: Purchase, basket: Basket) -> AnyResponse:
    """Plans by category, at the public price; a press puts one into the order."""
    if request.method != "POST":
        return _catalogue(basket)
    plan = queries.plans([request.form.get("plan", "")]).get(request.form.get("plan", ""))
    if plan is None or plan.retired_at:
        return _back_to_list(basket, "catalogue", PlanRetired())
    form = AddForm.of(plan)
    if form.validate() and _add(basket, form):
        return _added(basket, "catalogue", form)
    if wants_fragment():
        return _row(basket, form, status=422)
    return _catalogue(basket, form)


def _asked() -> dict[str, Any]:
    """What the address asks of a list."""
    family = read_family(request.args)
    return {"q": read_search(request.args), "family": family, "page": page_number(request.args)}


def _catalogue(basket: Basket, form: AddForm | None = None) -> Response:
    asked = _asked()
    return render(
        "ordering/catalogue.html", fragment="ordering/_plans.html", status=form.status if form else 200,
        part=queries.on_sale(asked["q"], asked["family"], page=asked["page"]), asked=asked, form=form,
        families=queries.families_on_sale(), new_key=drafts.new_key, **_shelf(basket),
    )  # fmt: skip


def _shelf(basket: Basket) -> dict[str, Any]:
    purchase = basket.purchase
    return {
        "basket": basket, "purchase": purchase, "membership": purchase.membership,
        "partnership": purchase.partnership,
    }  # fmt: skip


def _add(basket: Basket, form: AddForm | RenewalForm) -> bool:
    """Whether it is in the order now; else the form says why not."""
    try:
        basket.add(form.item)
    except InOrderAlready as refusal:
        form.blame("label", refusal)
        return False
    except OrderFull as refusal:
        form.refuse(refusal)
        return False
    _keep(basket)
    return True


def _added(basket: Basket, page: str, form: AddForm | RenewalForm) -> AnyResponse:
    """Back to the list where it was chosen; with HTMX its row comes back, and the order beside it."""
    if wants_fragment():
        return _row(basket, form, added=True)
    flash(_("%(product)s is in the order.", product=basket.items[-1].label))
    return go(_at(basket, page, **_query(), _anchor="basket"))


def _query() -> dict[str, Any]:
    asked = _asked()
    page = asked["page"]
    return {"q": asked["q"] or None, "family": asked["family"], "page": page if page > 1 else None}


def _row(basket: Basket, form: AddForm | RenewalForm, *, added: bool = False, status: int = 200) -> Response:
    """One row of a list; once something was `added`, fresh, with the order as it is now."""
    what = {"plan": form.plan} if isinstance(form, AddForm) else {"product": form.product, "renewing": {}}
    return render(
        "ordering/_plan.html" if isinstance(form, AddForm) else "ordering/_renewal.html",
        status=status, form=None if added else form, added=added, asked=_asked(), new_key=drafts.new_key, **what,
        **_shelf(basket),
    )  # fmt: skip


def _back_to_list(basket: Basket, page: str, refusal: Refused) -> AnyResponse:
    flash(tell(refusal), "error")
    return go(_at(basket, page, **_query()))


@way("/orders/new/<draft>/renewals", "GET", "POST")
@with_basket
def renewals(purchase: Purchase, basket: Basket) -> AnyResponse:
    """The holder's products, to be renewed."""
    if request.method != "POST":
        return _renewals(basket)
    wanted = request.form.get("product", "")
    product = queries.products(purchase.holder, [wanted]).get(wanted)
    if product is None or product.ended_at:
        return _back_to_list(basket, "renewals", ProductEnded())
    if number := queries.renewing([product]).get(product.id):
        return _back_to_list(basket, "renewals", RenewedAlready(product=product.label, order=number))
    form = RenewalForm(product)
    if form.validate() and _add(basket, form):
        return _added(basket, "renewals", form)
    return _row(basket, form, status=422) if wants_fragment() else _renewals(basket, form)


def _renewals(basket: Basket, form: RenewalForm | None = None) -> Response:
    asked = _asked()
    part = products.products(basket.purchase.holder, asked["q"], page=asked["page"])
    return render(
        "ordering/renewals.html", fragment="ordering/_products.html", status=form.status if form else 200,
        part=part, asked=asked, form=form, renewing=queries.renewing(part.rows), **_shelf(basket),
    )  # fmt: skip


@way("/products/<product>/renewal", "GET", "POST")
def renew(purchase: Purchase, product: str) -> AnyResponse:
    """One product for so many more periods: an order of its own, next to be checked."""
    it = found(queries.products(purchase.holder, [product]).get(product))
    if it.ended_at:
        raise ProductEnded()
    form, waiting = RenewalForm(it), queries.renewing([it]).get(it.id)
    if not waiting and form.validate_on_submit():
        return go(_at(_begun(purchase, form), "check"))
    return _page("ordering/renew.html", purchase, form, product=it, waiting=waiting)


def _begun(purchase: Purchase, form: RenewalForm) -> Basket:
    """The order that the form's key begins; the form sent again changes that one."""
    key = form.begins
    kept = own_draft(DRAFT, key, purchase.membership)
    basket = Basket.read(kept.data if kept else {}, purchase, key)
    basket.add(form.item)
    _keep(basket)
    return basket


# --- what is in the order -----------------------------------------------------------------------------------


@way("/orders/new/<draft>/lines", "GET", "POST")
@with_basket
def lines(purchase: Purchase, basket: Basket) -> AnyResponse:
    """Every line, to be changed or taken out."""
    form = LinesForm.of(basket)
    if form.is_submitted():
        good = form.validate()
        form.take_over()
        removed = basket.remove(request.form.get("remove", ""))
        _keep(basket)
        if removed:
            flash(_("%(product)s is no longer in the order.", product=removed.label))
        if good or removed:
            stays = removed or request.form.get("do") == "update"
            return go(_at(basket, "lines" if stays else "check"))
    return _lines(basket, form)


def _lines(basket: Basket, form: LinesForm) -> Response:
    return _page("ordering/lines.html", basket.purchase, form, basket=basket)


# --- everything once more -----------------------------------------------------------------------------------


@way("/orders/new/<draft>/check")
@with_basket
def check(purchase: Purchase, basket: Basket) -> AnyResponse:
    """Every price and how it was worked out, who pays, and how; nothing is ordered yet."""
    return _not_to_be_checked(basket) or _check(basket, PlaceForm(formdata=None))


def _not_to_be_checked(basket: Basket) -> AnyResponse | None:
    """Where to go as long as there is nothing that can be ordered."""
    if not basket.items:
        return go(_at(basket, "catalogue"))
    return go(_at(basket, "lines")) if basket.obstacles else None


def _check(basket: Basket, form: PlaceForm) -> Response:
    quote, purchase = basket.quote, basket.purchase
    means = queries.means(purchase.payer, quote.gross)
    chosen = form.method.data or basket.method or next(iter(means.possible), None)
    form.method.data = chosen if chosen in means.possible else None
    return _page(
        "ordering/check.html", purchase, form, basket=basket, quote=quote, means=means, seen=basket.seen
    )


@way("/orders/new/<draft>/placement", "POST")
@with_basket
def place(purchase: Purchase, basket: Basket) -> AnyResponse:
    """Places it, once: if it is what was seen, and still can be had."""
    form = PlaceForm()
    good, seen = form.validate(), form.shown
    good = good and form.within((ORDERS, purchase.organisation.public_id))
    if not good or seen is None or not basket.items:
        return _not_to_be_checked(basket) or _check(basket, form)
    basket.method = Method(form.method.data)
    draft = _keep(basket)
    try:
        if seen.lines != basket.stamp:
            raise LinesChanged()
        actions.place(
            draft, purchase, basket.wanted, seen=seen, method=basket.method, key=basket.key, by=person(),
            now=clock.now(),
        )  # fmt: skip
    except (*CHECK_AGAIN, *GONE) as refusal:
        return _refused(basket, form, refusal)
    return go(_at(basket, "placed"))


def _refused(basket: Basket, form: PlaceForm, refusal: Refused) -> Response:
    """What is wrong, above the order as it is now: to be checked again, or without the lines that are gone."""
    now = Basket.read(basket.as_kept, basket.purchase, basket.key)
    if isinstance(refusal, GONE) or now.obstacles:
        lines = LinesForm.of(now, formdata=None)
        lines.refuse(refusal)
        return _lines(now, lines)
    form.refuse(refusal)
    return _check(now, form)


@way("/orders/new/<draft>/placed")
def placed(purchase: Purchase, draft: str) -> Response:
    """That it is placed, and what happens next."""
    order = found(queries.placed(purchase, draft))
    return _page("ordering/placed.html", purchase, order=order)
