"""Cordée: a self-hosted portal for running a partner programme. `create_app` is its table of contents."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import (
    cli,
    config,
    drafts,
    errors,
    i18n,
    jobs,
    kept,
    limits,
    logs,
    programme,
    security,
    signals,
    templating,
    transport,
    uploads,
    visits,
)  # fmt: skip
from webapp.accounts import access as sign_in  # `access` is also a module of this package
from webapp.config import Settings
from webapp.database import prepare_engine
from webapp.extensions import csrf, db, login_manager, migrate

ROOT = Path(__file__).parent.parent


def create_app(settings: Settings | None = None, *, synchronous: str = "FULL") -> Flask:
    """The application. `settings` come from the environment unless given; `synchronous` see `prepare_engine`."""
    settings = settings or config.read()
    app = Flask("webapp", root_path=str(ROOT / "webapp"), static_folder=str(ROOT / "static"),
                template_folder=str(ROOT / "templates"))  # fmt: skip
    configure(app, settings)
    logs.init_app(app)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine, synchronous=synchronous)
    kept.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "webapp" / "migrations"), render_as_batch=True)
    uploads.init_app(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    security.init_app(app)
    sign_in.init_app(app)
    i18n.init_app(app)
    templating.init_app(app)
    errors.init_app(app)
    cli.init_app(app)
    transport.configure(app, settings)
    register_features(app, settings)
    follow_visitors(app, settings)
    register_jobs()
    connect_signals()
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign] # Flask's documented way
    return app


def configure(app: Flask, settings: Settings) -> None:
    """Flask's own settings, made from ours."""
    url = settings.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
    if url.startswith("sqlite:///") and not url.startswith("sqlite:////"):
        path = ROOT / url.removeprefix("sqlite:///")
        path.parent.mkdir(parents=True, exist_ok=True)
        url = f"sqlite:///{path}"
    app.config.update(
        SETTINGS=settings,
        PROGRAMME=programme.read(
            Path(settings.programme_file) if settings.programme_file else programme.DEFAULT_FILE
        ),
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=url,
        SESSION_COOKIE_NAME="__Host-session" if settings.secure else "session",
        SESSION_COOKIE_SECURE=settings.secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=timedelta(days=90),
        MAX_CONTENT_LENGTH=1024 * 1024,  # forms with files raise it for their own request
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        WTF_CSRF_TIME_LIMIT=None,
        FORM_MIN_SECONDS=2 if settings.mode == "production" else 0,  # a form that returns faster is a robot's
        WTF_CSRF_SSL_STRICT=False,  # security.refuse_other_sites judges the origin, and more strictly
        TESTING=settings.mode == "test",
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def register_features(app: Flask, settings: Settings) -> None:
    """The features and where they live. Addresses that people read begin with a language."""
    from webapp.accounts import routes as accounts
    from webapp.affiliation import arrivals
    from webapp.affiliation import desk as affiliates
    from webapp.affiliation import linking as affiliation  # with the routes of joining
    from webapp.api import desk as outside
    from webapp.api import routes as api
    from webapp.backoffice import routes as backoffice
    from webapp.clients import routes as clients
    from webapp.demo import routes as demo
    from webapp.directory import routes as directory
    from webapp.earnings import routes as earnings
    from webapp.inbox import routes as inbox
    from webapp.invitations import adding as invitations  # with the routes of answers
    from webapp.invoices import desk as invoices  # with the routes of organisations
    from webapp.ledger import routes as ledger
    from webapp.ordering import routes as ordering
    from webapp.orders import desk as orders  # with the routes of organisations
    from webapp.organisations import routes as organisations
    from webapp.pages import routes as pages
    from webapp.partners import routes as partners
    from webapp.payments import desk as payments  # with the routes of organisations
    from webapp.payouts import desk as payouts  # with the routes of affiliates
    from webapp.products import desk as products  # with the routes of organisations
    from webapp.rates import desk as rates
    from webapp.renewals import routes as renewals
    from webapp.requests import routes as requests
    from webapp.revenue import routes as revenue
    from webapp.tenders import routes as tenders

    language = f"/<any({','.join(config.LANGUAGES)}):lang>"
    app.register_blueprint(accounts.blueprint, url_prefix=language)
    app.register_blueprint(organisations.blueprint, url_prefix=language)
    app.register_blueprint(products.blueprint, url_prefix=language)
    app.register_blueprint(directory.blueprint, url_prefix=language)
    app.register_blueprint(invitations.blueprint, url_prefix=language)
    app.register_blueprint(requests.blueprint, url_prefix=language)
    app.register_blueprint(partners.blueprint, url_prefix=language)
    app.register_blueprint(ledger.blueprint, url_prefix=language)
    app.register_blueprint(orders.blueprint, url_prefix=language)
    app.register_blueprint(invoices.blueprint, url_prefix=language)
    app.register_blueprint(payments.blueprint, url_prefix=language)
    app.register_blueprint(renewals.blueprint, url_prefix=language)
    app.register_blueprint(clients.blueprint, url_prefix=language)
    app.register_blueprint(ordering.blueprint, url_prefix=language)
    app.register_blueprint(revenue.blueprint, url_prefix=language)
    app.register_blueprint(tenders.blueprint, url_prefix=language)
    app.register_blueprint(inbox.blueprint, url_prefix=language)
    app.register_blueprint(rates.blueprint, url_prefix=language)
    app.register_blueprint(affiliates.blueprint, url_prefix=language)
    app.register_blueprint(affiliation.blueprint, url_prefix=language)
    app.register_blueprint(arrivals.blueprint)
    app.register_blueprint(payouts.blueprint, url_prefix=language)
    app.register_blueprint(earnings.blueprint, url_prefix=language)
    app.register_blueprint(api.blueprint, url_prefix="/api/v1")
    app.register_blueprint(outside.blueprint, url_prefix=language)
    app.register_blueprint(backoffice.blueprint, url_prefix=f"{language}/admin")
    app.register_blueprint(pages.blueprint, url_prefix=language)
    app.register_blueprint(pages.technical)
    if settings.demo:
        app.register_blueprint(demo.blueprint, url_prefix="/dev")


def register_jobs() -> None:
    """What the worker does by the clock."""
    from webapp.accounts import actions as accounts
    from webapp.affiliation import actions as affiliation
    from webapp.inbox import actions as inbox
    from webapp.invitations import actions as invitations
    from webapp.payouts import actions as payouts
    from webapp.renewals import actions as renewals
    from webapp.revenue import actions as revenue
    from webapp.tenders import actions as tenders

    jobs.periodic("limits", limits.forget_old, every=timedelta(hours=1))
    jobs.periodic("drafts", drafts.forget_old, every=timedelta(hours=1))
    jobs.periodic("sessions", accounts.forget_old_sessions, every=timedelta(hours=6))
    jobs.periodic("invitations.reminders", invitations.remind, every=timedelta(hours=1))
    jobs.periodic("invitations.lapses", invitations.tell_of_lapses, every=timedelta(minutes=15))
    jobs.periodic("renewals.reminders", renewals.remind, every=timedelta(hours=1))
    jobs.periodic("renewals.orders", renewals.renew, every=timedelta(hours=1))
    jobs.periodic("revenue.statements", revenue.send_statements, every=timedelta(hours=6))
    jobs.periodic("tenders.cancels", tenders.finish_cancels, every=timedelta(minutes=1))
    jobs.periodic("inbox.openings", inbox.tell_of_openings, every=timedelta(hours=1))
    jobs.periodic("tenders.reminders", tenders.remind_of_closing, every=timedelta(minutes=15))
    jobs.periodic("tenders.expiry", tenders.expire, every=timedelta(minutes=5))
    jobs.periodic("inbox.digests", inbox.send_digests, every=timedelta(minutes=15))
    jobs.periodic("tenders.erasure", tenders.erase_old, every=timedelta(hours=1))
    jobs.periodic("affiliation.clicks", affiliation.forget_clicks, every=timedelta(hours=6))
    jobs.periodic("payouts.runs", payouts.run_due, every=timedelta(hours=1))
    jobs.periodic("payouts.executions", payouts.finish_executions, every=timedelta(minutes=1))


def follow_visitors(app: Flask, settings: Settings) -> None:
    """Whose links count when a visitor comes over one."""
    from webapp.affiliation.clicks import Clicks
    from webapp.affiliation.shortcut import Shortcut

    visits.init_app(app, Clicks(app, by_itself=settings.mode != "test"))
    app.wsgi_app = Shortcut(app)  # type: ignore[method-assign] # Flask's documented way


def connect_signals() -> None:
    """Which features hear of what happens in those below them (DESIGN: the only way up)."""
    from webapp.affiliation import actions as affiliation
    from webapp.inbox import queries as inbox

    signals.signed_up.connect(affiliation.attribute)
    signals.order_settled.connect(affiliation.follow)
    signals.rates_imported.connect(affiliation.settle_waiting)
    signals.partner_leaving.connect(inbox.offers_kept)
