"""Pages on which a client sees its partners, changes what they may do, and ends partnerships."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, drafts
from webapp.accounts.access import me, member, person
from webapp.accounts.queries import Member
from webapp.accounts.rules import Role
from webapp.drafts import Draft
from webapp.forms import BaseForm, ConfirmForm
from webapp.found import found
from webapp.htmx import go, page_number, render, saying_why_not, sent, show, wants_fragment
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.invitations import queries as invitations
from webapp.partners import actions, labels, queries
from webapp.partners.forms import CHANGES, EditorForm, PaymentChoice, PaymentForm, ReviewForm
from webapp.partners.selection import DRAFT, Edit
from webapp.partnerships import actions as partnership_actions
from webapp.partnerships import ending
from webapp.partnerships import labels as partnership_labels
from webapp.partnerships import queries as partnerships
from webapp.partnerships.choosable import products_page
from webapp.partnerships.ending import Ending
from webapp.partnerships.forms import SEARCH_LENGTH, ListPage, asked_page
from webapp.partnerships.models import Partnership, PartnershipChange
from webapp.partnerships.rules import (
    Access,
    ChangedMeanwhile,
    NothingChosen,
    Payer,
    Side,
    Standing,
)
from webapp.refused import Refused

blueprint = Blueprint("partners", __name__)
for _name, _filter in labels.FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)

LISTED = 3  # changes that the bar names


def _partnership(membership: Member, public_id: str) -> Partnership:
    return found(partnerships.clients_partnership(membership.org, public_id))


def _address(partnership: Partnership, endpoint: str = "show", **query: Any) -> str:
    return url_for(
        f"partners.{endpoint}", org=partnership.client.public_id, partner=partnership.public_id, **query
    )


def _manages(membership: Member) -> bool:
    return membership.role is Role.LEGAL_REPRESENTATIVE


# --- the list -----------------------------------------------------------------------------------------------


@blueprint.get("/o/<org>/partners")
@member()
def index(membership: Member) -> Response:
    """Who may do what, what is on its way, and what has ended."""
    client, now = membership.organisation, clock.now()
    return render(
        "partners/index.html",
        membership=membership,
        partnerships=partnerships.of_client(client),
        counts=queries.product_counts(client),
        invitations=invitations.open_of_client(client),
        requests=invitations.waiting_for_person(person(), now=now),
        ended=partnerships.of_client(client, ended=True),
        manages=_manages(membership),
    )


# --- one partner --------------------------------------------------------------------------------------------


@blueprint.get("/o/<org>/partners/<partner>", endpoint="show")
@member()
def show_partner(membership: Member, partner: str) -> AnyResponse:
    """What the partner can do today, and for legal representatives the editor of that (RULES C9)."""
    partnership = _partnership(membership, partner)
    edit = _edit(membership, partnership, request.args.get("draft", ""))
    if edit and edit.stale:
        return go(_address(partnership, "review", draft=edit.key))
    shown = ListPage(page_number(request.args), request.args.get("q", "")[:SEARCH_LENGTH])
    return _page(membership, partnership, edit, shown)


def _edit(membership: Member, partnership: Partnership, key: str) -> Edit | None:
    """The person's own changes of this partnership that wait to be saved."""
    draft = _draft(partnership, key)
    if draft is None or draft.finished_at or not _editable(membership, partnership):
        return None
    return Edit.kept(partnership, draft, me(), key)


def _draft(partnership: Partnership, key: str) -> Draft | None:
    draft = drafts.find(DRAFT, key, now=clock.now())
    own = (partnership.public_id, me())
    return draft if draft and (draft.data["partnership"], draft.data["by"]) == own else None


def _editable(membership: Member, partnership: Partnership) -> bool:
    return _manages(membership) and partnership.standing is Standing.ACTIVE


def _page(
    membership: Member,
    partnership: Partnership,
    edit: Edit | None,
    shown: ListPage,
    form: BaseForm | None = None,
) -> Response:
    """The partner's page. `form` holds what was refused."""
    edits = _editable(membership, partnership)
    edit = edit or Edit.begun(partnership, me())
    listed = granted = None
    if edits:
        listed = products_page(
            partnership.client,
            language=current_language(),
            own=edit.selection.own,
            q=shown.q,
            page=shown.page,
        )
    elif partnership.access is Access.LIMITED and not partnership.ended_at:
        granted = queries.granted_products(partnership, page=shown.page)
    return render(
        "partners/show.html", status=form.status if form else 200, form=form, membership=membership,
        partnership=partnership, manages=_manages(membership), edit=edit, listed=listed, granted=granted, q=shown.q,
        since=queries.access_since(partnership), lines=_what_it_can_do(partnership), history=_history(partnership),
        named=LISTED,
    )  # fmt: skip


def _what_it_can_do(partnership: Partnership) -> list[partnership_labels.Line]:
    return partnership_labels.for_client(partnerships.summary(partnership))


def _history(partnership: Partnership) -> list[tuple[PartnershipChange, list[str]]]:
    return [(change, _told(change, partnership)) for change in partnerships.history(partnership)]


def _told(change: PartnershipChange, partnership: Partnership) -> list[str]:
    return partnership_labels.history_lines(
        change,
        reader=Side.CLIENT,
        me=person().id,
        client=partnership.client.name,
        partner=partnership.partner.name,
    )


# --- changing access ----------------------------------------------------------------------------------------


@blueprint.post("/o/<org>/partners/<partner>/draft")
@member(Role.LEGAL_REPRESENTATIVE)
def draft(membership: Member, partner: str) -> AnyResponse:
    """Keeps what the editor says, whatever its button; nothing of the partnership changes."""
    partnership = _partnership(membership, partner)
    if not _editable(membership, partnership):
        return go(_address(partnership))
    key = request.form.get("draft", "")
    edit = _edit(membership, partnership, key)
    if edit is None:
        edit = Edit.begun(partnership, me())
        if drafts.find(DRAFT, key, now=clock.now()) is None and drafts.KEY.fullmatch(key):
            edit.key = key  # of the page that was shown: its later requests find the draft
    edit.take(sent())
    edit.keep(now=clock.now())
    return _after(membership, partnership, edit)


def _after(membership: Member, partnership: Partnership, edit: Edit) -> AnyResponse:
    """Where the button of the editor leads; without a button only the bar is drawn anew."""
    do, page = sent().get("do", ""), asked_page(sent())
    if page:
        return go(_address(partnership, draft=edit.key, page=page.page, q=page.q or None))
    if wants_fragment() and not do:
        return render("partners/_savebar.html", partnership=partnership, edit=edit, named=LISTED)
    if edit.becomes_limited and not edit.picked and not edit.stale:
        form = EditorForm()
        form.refuse(NothingChosen())
        return _page(
            membership,
            partnership,
            edit,
            ListPage(page_number(request.form), request.form.get("q", "")),
            form,
        )
    return go(_address(partnership, "review", draft=edit.key))


@blueprint.get("/o/<org>/partners/<partner>/review")
@member(Role.LEGAL_REPRESENTATIVE)
def review(membership: Member, partner: str) -> AnyResponse:
    """All changes in whole sentences, and what the partner will be able to do."""
    partnership = _partnership(membership, partner)
    edit = _edit(membership, partnership, request.args.get("draft", ""))
    if edit is None:
        return go(_address(partnership))
    return _review_page(membership, partnership, edit, ReviewForm(becomes_full=edit.becomes_full))


def _review_page(membership: Member, partnership: Partnership, edit: Edit, form: ReviewForm) -> AnyResponse:
    """The changes; in place of them what somebody else has changed meanwhile, or who is in the way (409)."""
    if edit.stale:
        return _conflict_page(membership, partnership, edit)
    if not edit.lines:
        flash(_("Nothing is changed."))
        return go(_address(partnership))
    status = form.status if form.is_submitted() else 409 if edit.barred else 200
    after = partnership_labels.for_client(
        partnerships.summary_of(edit.terms, edit.picked, partnership.client)
    )
    return render(
        "partners/review.html", status=status, form=form, membership=membership, partnership=partnership, edit=edit,
        lines=after,
    )  # fmt: skip


def _conflict_page(membership: Member, partnership: Partnership, edit: Edit) -> Response:
    """Both versions: nothing is overwritten, the reader chooses."""
    changes = partnerships.changes_since(partnership, edit.version)
    return render(
        "partners/conflict.html", status=409, membership=membership, partnership=partnership, edit=edit,
        changed=labels.changed_by(changes[0], me=person().id, now=clock.now()),
        theirs=[line for change in reversed(changes) for line in _told(change, partnership)],
        mine=edit.lines_as_seen, lines=_what_it_can_do(partnership),
    )  # fmt: skip


def _in_measure(form: BaseForm, partnership: Partnership) -> bool:
    """Whether one more change may be told to the partner today; taking a product away and ending always may."""
    return form.within((CHANGES, partnership.public_id))


@blueprint.post("/o/<org>/partners/<partner>/review")
@member(Role.LEGAL_REPRESENTATIVE)
def save(membership: Member, partner: str) -> AnyResponse:
    """Saves the changes, once, if nobody else has changed anything since (RULES C3, C9)."""
    partnership, key = _partnership(membership, partner), request.form.get("draft", "")
    edit, kept = _edit(membership, partnership, key), _draft(partnership, key)
    if edit is None or kept is None:
        return go(_address(partnership))
    form = ReviewForm(becomes_full=edit.becomes_full)
    if not edit.stale and edit.lines and form.validate_on_submit() and _in_measure(form, partnership):
        try:
            actions.save_access(
                partnership, kept, edit.terms, edit.picked, version=edit.version, by=person(), now=clock.now()
            )
            flash(_("Saved. %(partner)s has been told by mail.", partner=partnership.partner.name))
            return go(_address(partnership))
        except ChangedMeanwhile:
            pass  # its page says so
        except Refused as refusal:
            form.refuse(refusal)
    return _review_page(membership, _partnership(membership, partner), edit, form)


@blueprint.route("/o/<org>/partners/<partner>/products/<product>/removal", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def remove_product(membership: Member, partner: str, product: str) -> AnyResponse:
    """Asks once, then takes one product out of a limited partner's hands (RULES C9)."""
    partnership = _partnership(membership, partner)
    managed = queries.granted_product(partnership, product)
    if managed is None or partnership.ended_at:
        return go(_address(partnership))
    form = ConfirmForm()
    if not form.validate_on_submit():
        return show(
            "partners/removal.html", form, membership=membership, partnership=partnership, product=managed,
            last=len(partnerships.granted(partnership)) == 1,
        )  # fmt: skip
    with saying_why_not():
        partnership_actions.remove_product(partnership, managed, by=person(), now=clock.now())
        partner_name = partnership.partner.name
        flash(_("%(partner)s no longer manages %(product)s.", partner=partner_name, product=managed.label))
    return go(_address(partnership))


# --- who pays -----------------------------------------------------------------------------------------------


@blueprint.get("/o/<org>/partners/<partner>/payment")
@member(Role.LEGAL_REPRESENTATIVE)
def payment(membership: Member, partner: str) -> AnyResponse:
    """The two payment methods, the current one marked (RULES C10)."""
    partnership = _partnership(membership, partner)
    if not _has_payer(membership, partnership):
        return go(_address(partnership))
    form = PaymentChoice(formdata=None, data={"payer": partnership.payer.value})
    return render("partners/payment.html", form=form, membership=membership, partnership=partnership)


def _has_payer(membership: Member, partnership: Partnership) -> bool:
    """Only full access leaves a choice of who pays (RULES C5)."""
    return _editable(membership, partnership) and partnership.access is Access.FULL


@blueprint.route("/o/<org>/partners/<partner>/payment/check", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def check_payment(membership: Member, partner: str) -> AnyResponse:
    """What it means from now on; then it is saved and the partner is mailed (RULES C10)."""
    partnership, wanted = _partnership(membership, partner), request.args.get("payer")
    if wanted not in set(Payer) or not _has_payer(membership, partnership):
        return go(_address(partnership, "payment"))
    if wanted == partnership.payer:
        flash(_("Nothing is changed."))
        return go(_address(partnership))
    payer = Payer(wanted)
    form = PaymentForm(payer)
    if form.validate_on_submit() and _in_measure(form, partnership):
        _change_payer(partnership, payer)
        return go(_address(partnership))
    return show(
        "partners/payment_check.html", form, membership=membership, partnership=partnership, payer=payer
    )


def _change_payer(partnership: Partnership, payer: Payer) -> None:
    """Saves it if nobody else has changed anything since the page was shown."""
    seen = request.form.get("version", 0, type=int)
    with saying_why_not():
        partnership_actions.change_payer(partnership, payer, version=seen, by=person(), now=clock.now())
        flash(_("Saved. %(partner)s has been told by mail.", partner=partnership.partner.name))


# --- ending -------------------------------------------------------------------------------------------------


def _ending(membership: Member, public_id: str) -> Ending:
    return Ending(_partnership(membership, public_id), membership, Side.CLIENT)


@blueprint.get("/o/<org>/partners/<partner>/end")
@member(Role.LEGAL_REPRESENTATIVE)
def end(membership: Member, partner: str) -> AnyResponse:
    """What stops, what stays, and that it can't be undone (RULES C11)."""
    return ending.first_page(_ending(membership, partner))


@blueprint.post("/o/<org>/partners/<partner>/end")
@member(Role.LEGAL_REPRESENTATIVE)
def go_on_ending(membership: Member, partner: str) -> AnyResponse:
    """That was read: on to the password."""
    return ending.go_on(_ending(membership, partner))


@blueprint.route("/o/<org>/partners/<partner>/end/password", methods=["GET", "POST"])
@member(Role.LEGAL_REPRESENTATIVE)
def end_password(membership: Member, partner: str) -> AnyResponse:
    """The password, which ends the partnership at once (RULES C11)."""
    return ending.second_page(_ending(membership, partner))


@blueprint.get("/o/<org>/partners/<partner>/ended")
@member()
def ended(membership: Member, partner: str) -> AnyResponse:
    """When it ended, and what next."""
    return ending.last_page(_ending(membership, partner))
