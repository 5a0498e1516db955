"""The directory and the inbox beside a bare "hello" and a hand-written page, all behind the same app server.

Each directory page is asked for in three ways. "Unchanged" is the same address again and again: the page
is kept rendered, only the stamp of the directory is read. "Computed" has a number in its address that
nothing reads and that is new each time, so no page is found kept, while the cards of the partners may
be. "Nothing kept" is the product with shelves of size 0: every card of every page is read and drawn.
"""

from __future__ import annotations

import gzip
import re
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks import data, report
from tests.benchmarks.report import Ratio, middle, over
from tests.benchmarks.serving import Round, Server, serving

PARTNERS, MANY_PARTNERS, TENDERS = 1_000, 100_000, 10_000
INBOX = f"/en/o/o{1:025d}/tenders"
FILTER = "service=shop&region=CH-VD"
WEIGHT_GOAL = 35.0


class Page(NamedTuple):
    """Something to visit: where, and what the visitor sends along."""

    server: Server
    path: str
    headers: tuple[str, ...] = ()
    body: str = ""
    status: int = 200

    def visited(self, seconds: float) -> Round:
        """A round of visits."""
        return self.server.visited(
            self.path, seconds=seconds, headers=self.headers, body=self.body, status=self.status
        )


class Medians(NamedTuple):
    """The middle of a page's rounds."""

    per_second: float
    p50_ms: float
    cpu_ms: float | None
    kilobytes: float


def measure(pages: dict[str, Page], *, rounds: int, seconds: float) -> dict[str, Medians]:
    """Visits the pages in turn, `rounds` times, after a short one to warm up; the medians of each."""
    for page in pages.values():
        page.visited(min(0.5, seconds))
    found: dict[str, list[Round]] = {name: [] for name in pages}
    for _ in range(rounds):
        for name, page in pages.items():
            found[name].append(page.visited(seconds))
    return {name: _medians(visits) for name, visits in found.items()}


def _medians(visits: list[Round]) -> Medians:
    per_second, p50, cpu, kilobytes = (middle([visit[n] for visit in map(_fields, visits)]) for n in range(4))
    assert per_second is not None and p50 is not None and kilobytes is not None
    return Medians(per_second, p50, cpu, kilobytes)


def _fields(visit: Round) -> tuple[float | None, ...]:
    return visit.per_second, visit.p50_ms, visit.cpu_ms, visit.kilobytes


def run(kind: str, folder: Path, *, rounds: int, seconds: float, only: str) -> list[Ratio]:
    """Directory, inbox and weight; `only` names one of them."""
    with data.databases(kind, folder) as address, ExitStack() as stack:
        few = data.environment(address("few"), folder)
        app = data.portal(few)
        data.add_partners(app, PARTNERS)
        data.add_tenders(app, TENDERS, partner_id=1)
        cookie = data.signed_in_cookie(app, 1, INBOX)
        data.settle(app)
        hello = stack.enter_context(serving("tests.benchmarks.hello:app", few))
        raw = stack.enter_context(serving("tests.benchmarks.raw_page:app", few))
        product = stack.enter_context(serving("tests.benchmarks.product:app", few, "/en/partners"))
        bases = {"hello": Page(hello, "/"), "raw": Page(raw, "/partners")}
        found: list[Ratio] = []
        if only in ("", "directory"):
            keepless = stack.enter_context(
                serving("tests.benchmarks.product:app", {**few, "KEEP_NOTHING": "1"}, "/en/partners")
            )
            many = data.environment(address("many"), folder)
            big = data.portal(many)
            data.add_partners(big, MANY_PARTNERS)
            data.settle(big)
            bigger = stack.enter_context(serving("tests.benchmarks.product:app", many, "/en/partners"))
            found += _directory(bases, product, keepless, bigger, rounds=rounds, seconds=seconds)
        if only in ("", "inbox"):
            inbox = Page(product, INBOX, (cookie,))
            found += _inbox({**bases, "inbox": inbox}, rounds=rounds, seconds=seconds)
        if only in ("", "weight"):
            found += _weight(product)
        return found


def _directory(
    bases: dict[str, Page], product: Server, keepless: Server, bigger: Server, **how: Any
) -> list[Ratio]:
    report.heading(f"Public directory, {PARTNERS:,} and {MANY_PARTNERS:,} partners")
    first, filtered = "/en/partners", f"/en/partners?{FILTER}"
    new, newly_filtered = "/en/partners?n={n}", f"/en/partners?{FILTER}&n={{n}}"
    medians = measure(
        {
            **bases,
            "first page, unchanged": Page(product, first),
            "filtered, unchanged": Page(product, filtered),
            "first page, computed": Page(product, new),
            "filtered, computed": Page(product, newly_filtered),
            "first page, nothing kept": Page(keepless, new),
            "filtered, nothing kept": Page(keepless, newly_filtered),
            "first page of many, unchanged": Page(bigger, first),
            "first page of many, computed": Page(bigger, new),
            "filtered of many, computed": Page(bigger, newly_filtered),
        },
        **how,
    )
    table(medians)
    ratios = []
    for name, found in medians.items():
        if name.endswith("unchanged"):
            value = over(found.per_second, medians["hello"].per_second)
            ratios.append(Ratio(f"{name}: requests/s to hello", value, 0.5, at_least=True))
        elif name.endswith(("computed", "nothing kept")) and "of many" not in name:
            ratios.append(
                Ratio(f"{name}: CPU to the raw page", over(found.cpu_ms, medians["raw"].cpu_ms), 1.0)
            )
        elif "of many" in name:
            few = medians[
                name.replace("first page of many", "first page").replace("filtered of many", "filtered")
            ]
            ratios.append(Ratio(f"{name}: CPU to {PARTNERS:,} partners", over(found.cpu_ms, few.cpu_ms), 1.2))
    return report.tell(*ratios)


def _inbox(pages: dict[str, Page], **how: Any) -> list[Ratio]:
    report.heading(f"Partner's inbox, signed in, 25 of {TENDERS:,} calls")
    medians = measure(pages, **how)
    table(medians)
    value = over(medians["inbox"].cpu_ms, medians["raw"].cpu_ms)
    return report.tell(Ratio("inbox: CPU to the raw page", value, 1.5))


def table(medians: dict[str, Medians]) -> None:
    """The figures of the pages: times of this machine, and what they are of the two bases."""
    report.line(
        f"{'':<32}{'req/s':>8}{'CPU ms':>9}{'p50 ms':>9}{'kB':>7}{'req/s':>11}{'CPU':>9}{'CPU':>9}{'p50':>9}"
    )
    report.line(f"{'':<65}{'to hello':>11}{'to hello':>9}{'to raw':>9}{'to raw':>9}")
    hello, raw = medians["hello"], medians["raw"]
    for name, m in medians.items():
        cpu = "–" if m.cpu_ms is None else f"{m.cpu_ms:.3f}"
        ratios = (
            over(m.per_second, hello.per_second),
            over(m.cpu_ms, hello.cpu_ms),
            over(m.cpu_ms, raw.cpu_ms),
            over(m.p50_ms, raw.p50_ms),
        )
        shown = ["–" if ratio is None else f"{ratio:.2f}" for ratio in ratios]
        report.line(
            f"{name:<32}{m.per_second:>8.0f}{cpu:>9}{m.p50_ms:>9.2f}{m.kilobytes:>7.1f}"
            f"{shown[0]:>11}{shown[1]:>9}{shown[2]:>9}{shown[3]:>9}"
        )


def _weight(product: Server) -> list[Ratio]:
    """The directory's first page with its style sheets and scripts, compressed; no font, no picture."""
    report.heading("Weight of the directory's first page with CSS and script")
    compress, name = _compression()
    at = f"http://127.0.0.1:{product.port}"
    with urllib.request.urlopen(f"{at}/en/partners", timeout=10) as answer:
        page = answer.read()
    total = len(compress(page))
    report.line(f"{'page':<40}{len(page) / 1000:7.1f} kB, {name} {total / 1000:6.1f} kB")
    for file in re.findall(rb'(?:<script src|<link rel="stylesheet" href)="([^"]+)"', page):
        with urllib.request.urlopen(at + file.decode(), timeout=10) as answer:
            body = answer.read()
        small = len(compress(body))
        total += small
        path = file.decode().partition("?")[0]
        report.line(f"{path:<40}{len(body) / 1000:7.1f} kB, {name} {small / 1000:6.1f} kB")
    return report.tell(Ratio(f"weight, {name}", total / 1000, WEIGHT_GOAL, unit="kB"))


def _compression() -> tuple[Any, str]:
    """Brotli where its module is installed; else gzip, which is larger: an upper bound."""
    try:
        import brotli
    except ImportError:
        return (lambda body: gzip.compress(body, 9)), "gzip"
    return brotli.compress, "brotli"
