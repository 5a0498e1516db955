"""The operator's desk. For everybody else it does not exist."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, links
from webapp.accounts import queries as accounts
from webapp.accounts.access import operator, person
from webapp.accounts.labels import ROLES
from webapp.accounts.rules import AddressTaken, OperatorExists
from webapp.backoffice import actions, labels, queries
from webapp.backoffice.forms import RejectionForm, SetupForm, SuspensionForm
from webapp.directory import actions as partner_actions
from webapp.directory import queries as directory
from webapp.directory.labels import APPLICATION_STATES, SUSPENSION_REASONS
from webapp.directory.models import Application
from webapp.directory.rules import SuspensionReason
from webapp.found import found
from webapp.htmx import go, page_number, render, saying_why_not, show
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.links import Link
from webapp.mailer import KINDS
from webapp.money import CURRENCIES
from webapp.products import queries as products
from webapp.programme import DEFAULT_FILE
from webapp.programme import programme as policy
from webapp.refused import Gone
from webapp.revenue import queries as revenue
from webapp.tenders import actions as tender_actions
from webapp.tenders import queries as tenders
from webapp.tenders.labels import STATUSES

blueprint = Blueprint("backoffice", __name__, cli_group=None)


def _search() -> str:
    return " ".join(request.args.get("q", "").split())[:100]


def _one_of(name: str, known: object) -> str:
    value = request.args.get(name, "")
    return value if value in known else ""  # type: ignore[operator] # a dict or a set of strings


@blueprint.get("/")
@operator
def desk() -> Response:
    """What waits for the operator."""
    return render("backoffice/desk.html", to_do=queries.to_do(now=clock.now()))


# --- applications (RULES A4) --------------------------------------------------------------------------------


@blueprint.get("/applications")
@operator
def applications() -> Response:
    """Applications by state."""
    state = _one_of("state", APPLICATION_STATES) or "waiting"
    rows, more = directory.applications(state, page=page_number(request.args))
    return render(
        "backoffice/applications.html",
        rows=rows,
        more=more,
        page=page_number(request.args),
        state=state,
        states=APPLICATION_STATES,
    )


def _application_page(application: Application, form: RejectionForm) -> Response:
    return show(
        "backoffice/application.html",
        form,
        application=application,
        states=APPLICATION_STATES,
        obstacle=application.organisation.programme,
    )


@blueprint.get("/applications/<application>")
@operator
def application(application: str) -> Response:
    """One application, with both answers."""
    return _application_page(found(directory.application(application)), RejectionForm())


@blueprint.post("/applications/<application>/approval")
@operator
def approve(application: str) -> AnyResponse:
    """Makes the organisation a partner."""
    waiting = found(directory.application(application))
    partner_actions.approve(waiting, by=person(), now=clock.now())
    flash(
        _(
            "%(organisation)s is a partner now and has been told by mail.",
            organisation=waiting.organisation.name,
        )
    )
    return go(url_for("backoffice.applications"))


@blueprint.post("/applications/<application>/rejection")
@operator
def reject(application: str) -> AnyResponse:
    """Says no, with a reason."""
    waiting = found(directory.application(application))
    form = RejectionForm()
    if not form.validate_on_submit():
        return _application_page(waiting, form)
    partner_actions.reject(waiting, reason=form.reason.data, by=person(), now=clock.now())
    flash(_("%(organisation)s has been told by mail why not.", organisation=waiting.organisation.name))
    return go(url_for("backoffice.applications"))


# --- organisations ------------------------------------------------------------------------------------------


@blueprint.get("/organisations")
@operator
def organisations() -> Response:
    """All organisations, searched."""
    part = queries.organisations(_search(), page=page_number(request.args))
    return render("backoffice/organisations.html", part=part, search=_search())


@blueprint.get("/organisations/<organisation>")
@operator
def organisation(organisation: str) -> Response:
    """One organisation: people, programme, volume, calls for tenders."""
    it = found(queries.organisation(organisation))
    partner = directory.account_of(it)
    volume = revenue.volume(partner) if partner else None
    return render(
        "backoffice/organisation.html",
        it=it, roles=ROLES, partner=partner, volume=volume,
        standing=revenue.standing(partner, volume, now=clock.now()) if partner and volume else None,
        suspension=queries.suspension_of(partner) if partner else None, reasons=SUSPENSION_REASONS,
        applications=queries.applications_of(it), states=APPLICATION_STATES,
        tenders_count=queries.tenders_sent_count(it),
    )  # fmt: skip


@blueprint.route("/organisations/<organisation>/suspension", methods=["GET", "POST"])
@operator
def suspend(organisation: str) -> AnyResponse:
    """Suspends the organisation's partner account, after a page that says what that means."""
    it = found(queries.organisation(organisation))
    partner = found(directory.account_of(it))
    form = SuspensionForm()
    if form.validate_on_submit():
        with saying_why_not():
            reason = SuspensionReason(form.reason.data)
            partner_actions.suspend(partner, reason, by=person(), now=clock.now())
            flash(_("%(organisation)s is suspended and has been told by mail.", organisation=it.name))
        return go(url_for("backoffice.organisation", organisation=it.public_id))
    return show("backoffice/suspend.html", form, it=it, partner=partner)


@blueprint.post("/organisations/<organisation>/suspension/end")
@operator
def resume(organisation: str) -> AnyResponse:
    """Lifts the suspension."""
    it = found(queries.organisation(organisation))
    with saying_why_not():
        partner_actions.resume(found(directory.account_of(it)), by=person(), now=clock.now())
        flash(_("%(organisation)s is active again and has been told by mail.", organisation=it.name))
    return go(url_for("backoffice.organisation", organisation=it.public_id))


# --- calls for tenders --------------------------------------------------------------------------------------


@blueprint.get("/tenders")
@operator
def tender_list() -> Response:
    """All calls for tenders, searched, by state."""
    state = _one_of("state", {status.value for status in STATUSES})
    part = queries.tenders(_search(), state, page=page_number(request.args), now=clock.now())
    return render("backoffice/tenders.html", part=part, search=_search(), state=state, states=STATUSES)


@blueprint.get("/tenders/<tender>")
@operator
def tender(tender: str) -> Response:
    """One call for tenders, with the button that hides it."""
    return render("backoffice/tender.html", it=found(tenders.any_tender(tender)))


@blueprint.post("/tenders/<tender>/hiding")
@operator
def hide(tender: str) -> AnyResponse:
    """Takes spam out of everybody's sight."""
    it = found(tenders.any_tender(tender))
    tender_actions.hide(it, by=person(), now=clock.now())
    flash(_("The call for tenders is hidden."))
    return go(url_for("backoffice.tender", tender=it.public_id))


# --- mail ---------------------------------------------------------------------------------------------------


@blueprint.get("/mails")
@operator
def mails() -> Response:
    """The mail log."""
    state, kind = _one_of("state", labels.MAIL_STATES), _one_of("kind", KINDS)
    return render(
        "backoffice/mails.html",
        part=queries.mails(state, kind, _search(), page=page_number(request.args)),
        state=state,
        kind=kind,
        search=_search(),
        states=labels.MAIL_STATES,
        kinds=sorted(KINDS),
    )


@blueprint.post("/mails/<int(max=2147483647):mail>/retry")
@operator
def retry(mail: int) -> AnyResponse:
    """Tries a dead mail again."""
    row = found(queries.mail(mail))
    with saying_why_not():
        actions.retry_mail(row, by=person(), now=clock.now())
        flash(_("The mail to %(address)s is in the queue again.", address=row.address))
    return go(url_for("backoffice.mails", state="dead"))


# --- the programme's policy ----------------------------------------------------------------------------------


@blueprint.get("/programme")
@operator
def programme() -> Response:
    """The whole policy, to read (RULES P1)."""
    it = policy()
    named = {*it.discounts, *it.affiliation.excluded_plans}
    return render(
        "backoffice/programme.html",
        policy=it,
        shipped=it.file == DEFAULT_FILE,
        plans=products.plans_by_code(named),
        currencies=CURRENCIES,
    )


# --- the first operator -------------------------------------------------------------------------------------


@blueprint.route("/setup/<token>", methods=["GET", "POST"])
def setup(token: str) -> AnyResponse:
    """Makes the first operator by the one-time link that the command prints."""
    link = links.find("setup", token, now=clock.now())
    if link is None:
        raise Gone()
    if accounts.operators():
        raise OperatorExists()
    form = SetupForm()
    if form.validate_on_submit() and _set_up(link, form):
        flash(_("You run this portal now. Sign in with your new password."))
        return go(url_for("accounts.sign_in"))
    return show("backoffice/setup.html", form, token=token)


def _set_up(link: Link, form: SetupForm) -> bool:
    try:
        actions.set_up(
            link,
            name=form.name.data,
            email=form.email.data,
            password=form.new_password.data or "",
            language=current_language(),
            region=current_app.config["SETTINGS"].operator_country,
            now=clock.now(),
        )
    except AddressTaken as refusal:
        form.blame("email", refusal)
        return False
    return True
