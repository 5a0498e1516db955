"""The redirect of an affiliate's link beside that of a bare Flask application, behind the same app server.

A link to a page of this site is counted by that page; one to another site by the redirect. "One address" is a
flood: after the twentieth click nothing is written any more. "Each written" is the worst case, which the limits
never let happen: every request makes a row. What a click costs the page that counts it is measured beside the
same page computed without one.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks import data, report
from tests.benchmarks.pages import Page, measure
from tests.benchmarks.report import Ratio, over
from tests.benchmarks.serving import serving
from webapp import clock
from webapp.affiliation.models import AffiliateAccount
from webapp.extensions import db
from webapp.programme import DEFAULT_FILE

SITE = "www.example.com"
AWAY = f"https://{SITE}/products/mail"


def run(kind: str, folder: Path, *, rounds: int, seconds: float) -> list[Ratio]:
    """Redirects per second and their CPU, to the bare one."""
    report.heading("Clicks on affiliates' links")
    policy = folder / "sites.toml"
    policy.write_text(re.sub(r"(?m)^sites = .*", f'sites = ["{SITE}"]', DEFAULT_FILE.read_text("utf-8")))
    with data.databases(kind, folder) as address, ExitStack() as stack:
        environ = data.environment(address("clicks"), folder, PROGRAMME_FILE=str(policy))
        app = data.portal(environ)
        data.add_partners(app, 100)
        with app.app_context():
            tag = _affiliate(100)
        data.settle(app)
        bare = stack.enter_context(serving("tests.benchmarks.hello:app", environ))
        product = stack.enter_context(serving("tests.benchmarks.product:app", environ, "/en/partners"))
        counting = stack.enter_context(
            serving("tests.benchmarks.product:app", {**environ, "COUNT_ALL": "1"}, "/en/partners")
        )
        away = f"/r/{tag}?to={AWAY}"
        medians = measure(
            {
                "bare redirect": Page(bare, away, status=302),
                "to a page here": Page(product, f"/r/{tag}?to=/en/partners", status=302),
                "to another site, one address": Page(product, away, status=302),
                "to another site, each written": Page(counting, away, status=302),
                "a page, computed": Page(product, "/en/become-a-partner?n={n}"),
                "the same, over a link": Page(counting, f"/en/become-a-partner?ref={tag}&n={{n}}"),
            },
            rounds=rounds,
            seconds=seconds,
        )
    base, page = medians["bare redirect"], medians["a page, computed"]
    report.line(f"{'':<34}{'req/s':>8}{'CPU ms':>9}{'p50 ms':>9}")
    for name, m in medians.items():
        cpu = "–" if m.cpu_ms is None else f"{m.cpu_ms:.3f}"
        report.line(f"{name:<34}{m.per_second:>8.0f}{cpu:>9}{m.p50_ms:>9.2f}")
    ratios = [
        Ratio(f"click {name}: CPU to a bare Flask redirect", over(medians[name].cpu_ms, base.cpu_ms), goal)
        for name, goal in (
            ("to a page here", 1.5), ("to another site, one address", 1.5), ("to another site, each written", None),
        )
    ]  # fmt: skip
    over_link = over(medians["the same, over a link"].cpu_ms, page.cpu_ms)
    return report.tell(*ratios, Ratio("a page over a link: CPU to the same page without", over_link, None))


def _affiliate(organisation_id: int) -> str:
    """Makes this organisation an affiliate; its tag."""
    account = AffiliateAccount(
        organisation_id=organisation_id, tag="k7m2q9x", currency="CHF", joined_at=clock.now(), policy_version="-"
    )  # fmt: skip
    db.session.add(account)
    db.session.commit()
    return account.tag
