"""Pages to sign up and in, and of one's own account."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, flash, request, session, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from webapp import clock, limits, links, uploads, visits
from webapp.accounts import access, actions, labels, passwords, queries, rules
from webapp.accounts.access import person, person_or_none, signed_in
from webapp.accounts.entrance import enter, leave
from webapp.accounts.forms import (
    PASSWORD_CHECKS,
    AddressForm,
    PasswordForm,
    ProfileForm,
    ResetForm,
    SignInForm,
    SignUpForm,
)
from webapp.accounts.models import User
from webapp.accounts.rules import SignInStep
from webapp.errors import link_over
from webapp.forms import ConfirmForm
from webapp.found import found
from webapp.htmx import go, local_address, render, saying_why_not, show
from webapp.i18n import current_language
from webapp.i18n import gettext as _
from webapp.limits import Limit, network

blueprint = Blueprint("accounts", __name__)
blueprint.add_app_template_filter(labels.role, "role")
blueprint.add_app_template_filter(labels.role_hint, "role_hint")
blueprint.add_app_template_filter(labels.browser, "browser")

HOUR = timedelta(hours=1)
FIRST_PAGE_LENGTH = 300  # as the column holds
SIGN_UPS = Limit("sign-up", 20, HOUR)  # from one network
MAILS_TO_ADDRESS = Limit("account-mail", 5, HOUR)  # that anybody can have sent to one address
MAILS_FROM_NETWORK = Limit("account-mail-from", 20, HOUR)
# Wrong passwords: for one address from one network, for one address from anywhere, from one network.
SIGN_INS = Limit("sign-in", 10, timedelta(minutes=15))
SIGN_INS_TO_ADDRESS = Limit("sign-in-to", 50, HOUR)
SIGN_INS_FROM_NETWORK = Limit("sign-in-from", 100, HOUR)


def next_page() -> str | None:
    """Where the person was going, if that is a page of this site."""
    return local_address(request.args.get("next"), "") or None


def _kept_page() -> str | None:
    """The same, if it is short enough to be remembered with the account."""
    page = next_page()
    return page if page and len(page) <= FIRST_PAGE_LENGTH else None


def here() -> str:
    """The network that asks."""
    return network(request.remote_addr)


@blueprint.before_app_request
def note_that_seen() -> None:
    """A session in use does not idle out; noted every few minutes only."""
    if request.endpoint in (None, "static") or not current_user.is_authenticated:
        return
    now = clock.now()
    if now - current_user.who.seen_at >= rules.SEEN_EVERY:
        actions.see(current_user.session, now=now)


# --- signing up ---------------------------------------------------------------------------------------------


@blueprint.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> AnyResponse:
    """A person and its organisation; the answer is the same for a known address (RULES O1, O3)."""
    if person_or_none() and request.method != "POST":
        return go(next_page() or url_for("accounts.start"))
    form = SignUpForm()
    if form.validate_on_submit() and form.within((SIGN_UPS, here()), (MAILS_TO_ADDRESS, form.email.data)):
        actions.sign_up(
            form.details(form.name.data), name=form.name.data, email=form.email.data,
            password_hash=form.hashed(), language=current_language(), first_page=_kept_page(),
            visit=form.visit, now=clock.now(),
        )  # fmt: skip
        visits.forget()
        return _wait_for_mail(form.email.data)
    return show("accounts/sign_up.html", form, next=next_page())


def _wait_for_mail(email: str) -> AnyResponse:
    """On to the page that says which mail to look for. The way back is kept for after the confirmation."""
    session["waiting"] = {"email": email, "next": next_page()}
    return go(url_for("accounts.sign_up_done"))


@blueprint.get("/sign-up/done")
def sign_up_done() -> AnyResponse:
    """Look into your mailbox."""
    waiting = session.get("waiting")
    if not waiting:
        return go(url_for("accounts.sign_in"))
    return render("accounts/sign_up_done.html", email=waiting["email"])


@blueprint.post("/sign-up/mail")
def send_verification() -> AnyResponse:
    """The verification mail once more; nothing tells whether there is one to send."""
    waiting = session.get("waiting")
    if not waiting:
        return go(url_for("accounts.sign_in"))
    with saying_why_not():
        _mail_verification(waiting["email"])
        flash(_("The mail is on its way again."))
    return go(url_for("accounts.sign_up_done"))


def _mail_verification(email: str) -> None:
    now = clock.now()
    limits.spend_all([(MAILS_FROM_NETWORK, here()), (MAILS_TO_ADDRESS, email)], now=now)
    actions.send_verification(email, now=now)


@blueprint.route("/verify/<token>", methods=["GET", "POST"])
def verify(token: str) -> AnyResponse:
    """Shows one button; only the button confirms the address, and signs in."""
    link = links.find("verify", token, now=clock.now())
    subject = queries.user(link.subject) if link else None
    if link is None or subject is None:
        return link_over(url_for("accounts.sign_in"), _("Sign in"))
    form = ConfirmForm()
    if form.validate_on_submit():
        flash(_("Your address is confirmed. Welcome."))
        return enter(
            actions.verify_address(link, now=clock.now()), (session.get("waiting") or {}).get("next")
        )
    return show("accounts/verify.html", form, subject=subject)


# --- signing in and out -------------------------------------------------------------------------------------


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> AnyResponse:
    """Address and password; the same work and words whichever of them is wrong."""
    if person_or_none() and request.method != "POST":
        return go(next_page() or url_for("accounts.start"))
    form = SignInForm()
    if form.validate_on_submit():
        attempts = _sign_in_attempts(form.email.data)
        if form.within(*attempts):
            known = queries.user_with_password(form.email.data, form.password.data or "")
            if known:
                limits.give_back(attempts, now=clock.now())
                return _go_through(known, form)
            form.refuse(rules.WrongPassword())
    return show("accounts/sign_in.html", form, next=next_page())


def _sign_in_attempts(email: str) -> list[tuple[Limit, str]]:
    return [
        (SIGN_INS, f"{email} {here()}"),
        (SIGN_INS_TO_ADDRESS, email),
        (SIGN_INS_FROM_NETWORK, here()),
    ]


def _go_through(known: User, form: SignInForm) -> AnyResponse:
    """What the rules still ask for after the right password, step by step."""
    if rules.next_step(verified_at=known.verified_at) is SignInStep.VERIFY_ADDRESS:
        with saying_why_not():
            _mail_verification(known.email)
        return _wait_for_mail(known.email)
    renewed = passwords.outdated(known.password_hash)
    return enter(
        known,
        next_page(),
        kept=bool(form.keep.data),
        renewed_hash=passwords.hash_password(form.password.data or "") if renewed else None,
        confirmed=True,
    )


@blueprint.post("/sign-out")
def sign_out() -> AnyResponse:
    """Ends the session."""
    leave()
    flash(_("You are signed out."))
    return go(url_for("accounts.sign_in"))


@blueprint.get("/start")
@signed_in
def start() -> AnyResponse:
    """To the organisation that was open last, else to the one joined last."""
    mine = queries.memberships(person())
    if not mine:
        return go(url_for("backoffice.desk" if person().operator_since else "organisations.new"))
    newest = max(mine, key=lambda each: (each.created_at, each.id))
    last = next((each for each in mine if each.organisation.public_id == session.get("organisation")), newest)
    return go(url_for("pages.overview", org=last.organisation.public_id))


# --- passwords ----------------------------------------------------------------------------------------------


@blueprint.route("/password/forgot", methods=["GET", "POST"])
def forgot_password() -> AnyResponse:
    """Asks for a link; the answer is the same for an unknown address."""
    form = AddressForm()
    if form.validate_on_submit() and form.within(
        (MAILS_FROM_NETWORK, here()), (MAILS_TO_ADDRESS, form.email.data)
    ):
        actions.request_reset(form.email.data, now=clock.now())
        return render("accounts/forgot_password_done.html", email=form.email.data)
    return show("accounts/forgot_password.html", form)


@blueprint.route("/password/reset/<token>", methods=["GET", "POST"])
def reset_password(token: str) -> AnyResponse:
    """A new password by a link; all sessions end."""
    link = links.find("reset", token, now=clock.now())
    subject = queries.user(link.subject) if link else None
    if link is None or subject is None:
        return link_over(url_for("accounts.forgot_password"), _("Ask for a new link"))
    form = ResetForm(subject)
    if form.validate_on_submit():
        actions.reset_password(link, password_hash=form.hashed(), now=clock.now())
        flash(_("Your password is changed. Sign in with the new one."))
        return go(url_for("accounts.sign_in"))
    return show("accounts/reset_password.html", form, subject=subject)


@blueprint.route("/account/password", methods=["GET", "POST"])
@signed_in
def password() -> AnyResponse:
    """A new password, with the current one; all other sessions end."""
    form, me, seen_hash = PasswordForm(person()), person(), person().password_hash
    if form.is_submitted() and form.within((PASSWORD_CHECKS, me.public_id)) and form.validate():
        actions.change_password(
            me,
            seen_hash=seen_hash,
            password_hash=form.hashed(),
            but=current_user.session,
            by=me,
            now=clock.now(),
        )
        flash(_("Your password is changed. All other devices are signed out."))
        return go(url_for("accounts.password"))
    return show("accounts/password.html", form)


# --- one's own account --------------------------------------------------------------------------------------


@blueprint.route("/account", methods=["GET", "POST"])
@uploads.takes_files
@signed_in
def profile() -> AnyResponse:
    """Name, language, number format, picture (RULES O4)."""
    me = person()
    form = ProfileForm(obj=me)
    if form.validate_on_submit():
        actions.change_profile(
            me, name=form.name.data, language=form.language.data, region=form.region.data,
            avatar=form.avatar, by=me, now=clock.now(),
        )  # fmt: skip
        flash(_("Your account is saved."))
        return access.with_language(go(url_for("accounts.profile")), me)
    return show("accounts/profile.html", form)


@blueprint.post("/account/picture/removal")
@signed_in
def remove_avatar() -> AnyResponse:
    """Initials again."""
    actions.remove_avatar(person(), by=person(), now=clock.now())
    flash(_("Your picture is removed. Your initials are shown instead."))
    return go(url_for("accounts.profile"))


@blueprint.get("/avatars/<file>")
@signed_in
def avatar(file: str) -> Response:
    """A colleague's picture."""
    response = uploads.picture(found(queries.avatar(file, seen_by=person())))
    response.cache_control.public = False
    response.cache_control.private = True
    return response


@blueprint.get("/account/sessions")
@signed_in
def sessions() -> Response:
    """Where the person is signed in."""
    rows = queries.live_sessions(person(), now=clock.now())
    return render("accounts/sessions.html", sessions=rows, this=current_user.session)


@blueprint.post("/account/sessions/<session>/end")
@signed_in
def end_session(session: str) -> AnyResponse:
    """Signs one device out."""
    actions.end_session(found(queries.session_of(person(), session)), by=person(), now=clock.now())
    flash(_("The device is signed out."))
    return go(url_for("accounts.sessions"))


@blueprint.post("/account/sessions/others/end")
@signed_in
def end_other_sessions() -> AnyResponse:
    """Signs all other devices out."""
    actions.end_other_sessions(person(), but=current_user.session, by=person(), now=clock.now())
    flash(_("All other devices are signed out."))
    return go(url_for("accounts.sessions"))
