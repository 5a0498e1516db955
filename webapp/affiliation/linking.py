"""The pages with an affiliate's links: what each brought, the builder, banners; on the blueprint of joining."""

from __future__ import annotations

from flask import Response, current_app, flash, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, visits
from webapp.accounts.access import member, person
from webapp.accounts.queries import Member
from webapp.affiliation import actions, banners, queries
from webapp.affiliation.forms import LinkForm
from webapp.affiliation.joining import blueprint
from webapp.affiliation.models import AffiliateAccount
from webapp.affiliation.rules import LINKS_MOST, SEES_EARNINGS
from webapp.config import LANGUAGES
from webapp.found import found
from webapp.htmx import go, render, saying_why_not
from webapp.i18n import gettext as _
from webapp.programme import programme

__all__ = ["blueprint"]


def _account(membership: Member) -> AffiliateAccount:
    """The organisation's affiliate account, open or closed; there is no such page for others."""
    return found(queries.account_of(membership.organisation))


def link_address(path: str, tag: str) -> str:
    """The whole address that an affiliate gives away: of a page here, or of the redirect to another site."""
    own: str = current_app.config["SETTINGS"].base_url
    if path.startswith("/"):
        return own + visits.with_tag(path, tag)
    return own + url_for("arrivals.follow", tag=tag, to=path)


def banner_code(language: str, size: str, tag: str) -> str:
    """What an affiliate puts into a page: the banner, leading here."""
    own: str = current_app.config["SETTINGS"].base_url
    picture = own + url_for("arrivals.banner", language=language, size=size, kind="png")
    width, height = banners.SIZES[size]
    code = Markup('<a href="{}"><img src="{}" width="{}" height="{}" alt="{}"></a>').format(
        link_address(f"/{language}/", tag), picture, width, height, banners.alternative(language)
    )
    return str(code)  # escaped once more where the code itself is shown


blueprint.add_app_template_global(link_address)
blueprint.add_app_template_global(banner_code)


@blueprint.route("/o/<org>/affiliate/links", methods=["GET", "POST"])
@member(SEES_EARNINGS)
def links(membership: Member) -> AnyResponse:
    """The affiliate's links with their clicks and sign-ups; one for any page, shown at once or kept (RULES F1)."""
    account, form = _account(membership), LinkForm(request.args)
    if form.validate_on_submit():
        with saying_why_not():
            actions.save_link(account, form.page, form.label.data, by=person(), now=clock.now())
            flash(_("The link is in your list."))
        return go(url_for("affiliation.links", org=membership.org.public_id))
    return _shown(membership, account, form)


def _shown(membership: Member, account: AffiliateAccount, form: LinkForm) -> Response:
    return render(
        "affiliation/links.html", fragment="affiliation/_link_out.html", status=form.answer,
        membership=membership, account=account, form=form, links=queries.links_of(account),
        by_code=queries.sign_ups_by_code(account), most=LINKS_MOST, sites=programme().affiliation.sites,
        sizes=banners.SIZES, languages=LANGUAGES, alternative=banners.alternative,
    )  # fmt: skip


@blueprint.post("/o/<org>/affiliate/links/<link>/removal")
@member(SEES_EARNINGS)
def remove_link(membership: Member, link: str) -> AnyResponse:
    """Takes a link from the list."""
    actions.remove_link(found(queries.link(_account(membership), link)), by=person(), now=clock.now())
    flash(_("The link is no longer in your list. It still works."))
    return go(url_for("affiliation.links", org=membership.org.public_id))
