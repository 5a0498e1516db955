"""How the code hangs together: what may import what, who may write, how long a route may be.

Each list of exceptions says why. An exception that nothing needs any more fails too.
"""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "webapp"
TEMPLATES = ROOT / "templates"

# Each feature may import those to its left.
FEATURES = (
    "accounts",
    "organisations",
    "products",
    "directory",
    "partnerships",
    "invitations",
    "requests",
    "partners",
    "ledger",
    "orders",
    "invoices",
    "payments",
    "renewals",
    "clients",
    "ordering",
    "revenue",
    "tenders",
    "inbox",
    "rates",
    "affiliation",
    "payouts",
    "earnings",
    "api",
    "backoffice",
    "pages",
    "demo",
)

# Inside a feature, what a room may import of its own feature.
ROOMS = {
    "rules": set(),
    "passwords": set(),  # pure, like rules
    "models": {"rules", "signing"},
    "labels": {"models", "rules"},  # the words for codes
    "queries": {"models", "rules", "labels", "passwords", "statements"},
    "quotes": {"models", "rules"},  # further queries: what an order would cost
    "choosable": {"models", "rules"},  # further queries: the products to choose from
    "monthly": {"models", "rules"},  # further queries: what a partner earned
    "rows": {"monthly", "models", "rules"},  # further queries: what a file has
    "mail": {"queries", "monthly", "models", "rules", "labels", "links", "paper"},
    "access": {"queries", "models", "rules"},
    "entrance": {
        "access",
        "actions",
        "queries",
        "models",
        "rules",
        "passwords",
    },  # the session and its cookie
    "proofs": {"queries", "models", "rules"},  # what `flask ledger check` asks
    "checks": {"queries", "quotes", "models", "rules"},  # what actions ask before they write
    "numbers": {"queries", "models", "rules"},  # without gaps
    # steps that actions share; none is a transaction by itself
    "bookings": {"models", "rules"},  # in the ledger
    "billing": {"bookings", "numbers", "queries", "models", "rules"},
    "fulfilment": {"billing", "queries", "models", "rules"},
    "settlement": {"bookings", "fulfilment", "queries", "models", "rules"},
    "actions": {"checks", "queries", "quotes", "models", "rules", "mail", "passwords", "labels", "statements"}
    | {"bookings", "billing", "fulfilment", "numbers", "settlement", "monthly"},
    "selection": {"queries", "choosable", "models", "rules", "labels"},  # choosing over several pages
    "documents": {"models", "rules", "labels"},  # what an invoice says, by its row
    "exchange": {
        "queries",
        "models",
        "rules",
        "labels",
        "documents",
        "electronic",
        "paper",
        "rows",
    },  # files in and out
    "elements": set(),  # what files of banks are made of
    "statements": {"elements", "rules"},  # files of banks
    "glyphs": set(),  # what a typeface can show
    "codes": {"rules"},  # what banking apps scan
    "electronic": {"rules", "labels"},  # documents for machines
    "paper": {"rules", "labels", "codes", "electronic", "glyphs"},  # documents for people
    "signing": set(),  # pure, like rules
    "description": {"rules", "signing"},  # of addresses for machines
    "forms": {
        "queries",
        "models",
        "rules",
        "passwords",
        "labels",
        "selection",
        "exchange",
        "statements",
        "files",
    }
    | {"rows", "elements"}
    | {"access", "entrance"},  # the own password, asked for again
    "routes": {"forms", "actions", "queries", "models", "rules", "access", "entrance", "labels", "passwords"}
    | {"selection", "choosable", "exchange", "monthly", "rows"}
    | {"paper", "electronic"}
    | {"signing", "description"}  # messages of machines
    | {"mailbox", "sign_ins", "calendar", "month"},  # what the demo reads beside the database, and its clock
    "adding": {
        "forms",
        "actions",
        "queries",
        "models",
        "rules",
        "selection",
        "routes",
    },  # a way of several pages
    "clicks": {"actions", "queries", "rules"},  # noted while a page is answered, written later
    "shortcut": {"clicks"},  # the redirect without Flask
    "banners": set(),  # pictures for other sites
    "arrivals": {"banners"},  # how visitors come in
    "linking": {"forms", "actions", "queries", "models", "rules", "routes", "joining", "banners"},
    "desk": {
        "forms",
        "actions",
        "queries",
        "models",
        "rules",
        "labels",
        "exchange",
        "statements",
        "files",
        "paper",
        "signing",
        "routes",
    },  # the operator's
}

QUERIES = ("queries", "quotes", "choosable", "monthly", "rows")
STEPS = ("bookings", "billing", "fulfilment", "settlement")

PURE = {"rules", "passwords", "signing"}
PURE_MAY_IMPORT = (
    "webapp.money", "webapp.refused", "webapp.charts", "webapp.accounts.rules", "webapp.products.rules",
    "webapp.partnerships.rules", "webapp.orders.rules", "webapp.ledger.rules", "webapp.payments.rules",
    "webapp.places", "webapp.text", "stdnum",
)  # fmt: skip
PASSWORDS_MAY_IMPORT = (*PURE_MAY_IMPORT, "argon2")

MAY_COMMIT = {
    "database.py": "a setting of the connection, no data",
    "unit.py": "this is the place",
    "limits.py": "a refused attempt is counted nevertheless",
    "postman.py": "a worker's claim has to be seen by the others before the mail leaves",
}

NO_FLASK_STATE = {"request", "session", "current_user", "g"}

WRITES = {f"db.session.{name}" for name in ("add", "add_all", "delete", "merge", "flush")}

LONGEST_ROUTE = 20
USUAL_ROUTE = 12


@lru_cache
def tree(file: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(file.read_text("utf-8"), str(file))


def sources(folder: Path = PACKAGE) -> list[Path]:
    """Python files, migrations aside."""
    return [file for file in sorted(folder.rglob("*.py")) if "migrations" not in file.parts]


def module_of(file: Path) -> str:
    """`webapp.accounts.rules`."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(file: Path) -> Iterator[str]:
    """Every module that the file imports; names taken from a package count as its modules."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            for alias in node.names:
                inner = ROOT / Path(*(node.module or "").split(".")) / alias.name
                is_module = inner.with_suffix(".py").exists() or (inner / "__init__.py").exists()
                yield f"{node.module}.{alias.name}" if is_module else node.module or ""


def feature_of(module: str) -> str | None:
    """The feature that a module belongs to."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] == "webapp" and parts[1] in FEATURES else None


def in_rooms(*names: str) -> list[Path]:
    """The files of these rooms in all features."""
    return [file for file in sources() if file.stem in names and feature_of(module_of(file))]


def test_every_feature_is_in_the_list():
    folders = {file.parent.name for file in PACKAGE.glob("*/__init__.py")}
    assert folders - {"migrations"} == set(FEATURES)


def test_a_feature_s_package_holds_one_sentence_and_no_imports():
    for feature in FEATURES:
        body = tree(PACKAGE / feature / "__init__.py").body
        assert len(body) == 1 and ast.get_docstring(tree(PACKAGE / feature / "__init__.py")), feature


def test_features_import_only_those_to_their_left():
    wrong = []
    for file in sources():
        own = feature_of(module_of(file))
        for imported in imports(file):
            other = feature_of(imported)
            if own and other and FEATURES.index(other) > FEATURES.index(own):
                wrong.append(f"{module_of(file)} imports {imported}")
    assert wrong == []


# What belongs to no feature may know features only here.
KNOWS_FEATURES = {
    "webapp": "create_app registers them",
    "webapp.cli": "the operator's commands act on them",
    "webapp.upkeep": "the check looks whether there is an operator",
}


def test_the_ground_floor_knows_no_feature():
    wrong = [
        f"{module_of(file)} imports {imported}"
        for file in sources()
        if not feature_of(module_of(file)) and module_of(file) not in KNOWS_FEATURES
        for imported in imports(file)
        if feature_of(imported)
    ]
    assert wrong == []


def test_inside_a_feature_imports_go_from_routes_down_to_rules():
    wrong = []
    for file in in_rooms(*ROOMS):
        own = feature_of(module_of(file))
        for imported in imports(file):
            if feature_of(imported) == own and imported.count(".") == 2:
                room = imported.rpartition(".")[2]
                if room not in ROOMS[file.stem]:
                    wrong.append(f"{module_of(file)} imports {imported}")
    assert wrong == []


def test_rules_are_pure():
    import sys

    wrong = []
    for file in in_rooms(*PURE):
        allowed = PASSWORDS_MAY_IMPORT if file.stem == "passwords" else PURE_MAY_IMPORT
        for imported in imports(file):
            top = imported.split(".")[0]
            if top not in sys.stdlib_module_names and not imported.startswith(allowed):
                wrong.append(f"{module_of(file)} imports {imported}")
    assert wrong == []


@pytest.mark.parametrize("room", ["rules", "actions", *STEPS, *QUERIES, "numbers", "models", "mail"])
def test_what_lies_below_the_routes_does_not_know_the_request(room):
    wrong = []
    for file in in_rooms(room):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("flask", "flask_login")):
                taken = {alias.name for alias in node.names} & NO_FLASK_STATE
                wrong += [f"{module_of(file)} imports {name}" for name in sorted(taken)]
            asks_clock = ast.unparse(node) == "clock.now()" and room in ("rules", "actions", *STEPS)
            if asks_clock:
                wrong.append(f"{module_of(file)} asks the clock instead of taking now=")
    assert wrong == []


def test_routes_and_forms_never_touch_the_session_of_the_database():
    wrong = [
        f"{module_of(file)} imports {imported}"
        for file in in_rooms("routes", "desk", "adding", "forms")
        for imported in imports(file)
        if imported.startswith(("webapp.extensions", "sqlalchemy", "flask_sqlalchemy", "webapp.unit"))
    ]
    assert wrong == []


def test_writes_happen_in_actions_and_on_the_ground_floor_only():
    """Queries read: they neither add nor delete, and no unit of work begins in them."""
    wrong = []
    for file in in_rooms(*QUERIES, "mail", "access"):
        for node in ast.walk(tree(file)):
            if isinstance(node, ast.Attribute) and ast.unparse(node) in WRITES:
                wrong.append(f"{module_of(file)}:{node.lineno} {ast.unparse(node)}")
            if isinstance(node, ast.ImportFrom) and node.module == "webapp.unit":
                wrong.append(f"{module_of(file)} imports webapp.unit")
    assert wrong == []


def test_steps_are_taken_by_actions_of_their_own_feature_only():
    """Whoever takes one outside of an action would write half of what belongs together."""
    wrong = []
    for file in sources():
        own = feature_of(module_of(file))
        for imported in imports(file):
            steps = imported.rpartition(".")[2] in STEPS and feature_of(imported)
            if steps and (steps != own or file.stem not in ("actions", *STEPS)):
                wrong.append(f"{module_of(file)} imports {imported}")
        if file.stem in STEPS and units(file):
            wrong.append(f"{module_of(file)} begins a unit of work")
    assert wrong == []


def test_commits_happen_in_one_place():
    committing = {
        file.relative_to(PACKAGE).as_posix()
        for file in sources()
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"
    }
    assert committing == set(MAY_COMMIT)


def public_functions(file: Path) -> Iterator[ast.FunctionDef]:
    """Top-level functions without an underscore."""
    for node in tree(file).body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def units(file: Path) -> set[str]:
    """The functions of this file that are units of work."""
    return {
        node.name
        for node in tree(file).body
        if isinstance(node, ast.FunctionDef)
        and "unit_of_work" in {ast.unparse(decorator) for decorator in node.decorator_list}
    }


def names_in(function: ast.FunctionDef, file: Path) -> set[str]:
    """What the function names, itself and through helpers of its file that are no units of work."""
    helpers = {
        node.name: node
        for node in tree(file).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("_") and node.name not in units(file)
    }
    found: set[str] = set()
    left = [function]
    while left:
        names = {
            ast.unparse(node) for node in ast.walk(left.pop()) if isinstance(node, ast.Name | ast.Attribute)
        }
        left += [helpers[name] for name in names - found if name in helpers]
        found |= names
    return found


def test_every_public_action_is_a_unit_of_work_or_made_of_some():
    """A job goes through many rows, a unit each; whatever is no unit itself writes nothing by itself."""
    wrong = []
    for file in in_rooms("actions"):
        for function in public_functions(file):
            where = f"{module_of(file)}.{function.name}"
            inside = names_in(function, file)
            if "now" not in {argument.arg for argument in function.args.kwonlyargs}:
                wrong.append(f"{where} takes no now=")
            if function.name in units(file):
                continue
            if not inside & units(file):
                wrong.append(f"{where} is no unit of work")
            if touched := inside & (WRITES | {"db.session.execute"}):
                wrong.append(f"{where} does {touched} outside of a unit of work")
    assert wrong == []


def views(file: Path) -> Iterator[ast.FunctionDef]:
    """Functions that answer an address."""
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.FunctionDef):
            decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
            if any(decorator.startswith(("blueprint.", "technical.")) for decorator in decorators):
                yield node


def length(function: ast.FunctionDef) -> int:
    """Lines of the body without its docstring, its comments and its decorators."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    if not body:
        return 0
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_routes_are_short():
    lengths = {
        f"{module_of(file)}.{view.name}": length(view)
        for file in in_rooms("routes", "desk", "adding")
        for view in views(file)
    }
    assert lengths, "there are no routes"
    assert {name: n for name, n in lengths.items() if n > LONGEST_ROUTE} == {}
    if len(lengths) > 1:
        assert statistics.quantiles(lengths.values(), n=10)[-1] <= USUAL_ROUTE


def test_only_wsgi_builds_the_application():
    """Others get it handed in, so that there is never a second one."""
    wrong = [
        module_of(file)
        for file in sources()
        if any(
            isinstance(node, ast.ImportFrom)
            and node.module == "webapp"
            and "create_app" in {alias.name for alias in node.names}
            for node in ast.walk(tree(file))
        )
    ]
    assert wrong == []


def test_every_public_thing_says_what_it_is():
    wrong = []
    for file in sources():
        if not ast.get_docstring(tree(file)) and file.stem != "__main__":
            wrong.append(module_of(file))
        for node in tree(file).body:
            named = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
            if named and not ast.get_docstring(node):
                wrong.append(f"{module_of(file)}.{node.name}")
    assert sorted(set(wrong)) == []


def test_nothing_is_left_half_done():
    marks = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|\bPlaceholder\b")
    files = [*sources(), *TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")]
    assert [
        f"{file}: {hit.group()}" for file in files if (hit := marks.search(file.read_text("utf-8")))
    ] == []


# --- templates ----------------------------------------------------------------------------------------------

FORBIDDEN_IN_TEMPLATES = {
    r"\bhx-on\b": "behaviour in markup; the content policy refuses it",
    r"js:": "needs eval",
    r"\bhx-(boost|vals|vars|push-url=\"javascript)": "not in the subset that we use",
    r"\bhx-(put|patch|delete)\b": "forms know GET and POST only",
    r"<[a-z][^<>]*\sstyle=": "the content policy refuses it",
    r"\son[a-z]+=\"": "the content policy refuses it",
    r"<style\b": "the content policy refuses it",
    r"<script(?![^>]*\bsrc=)(?! type=\"application/ld\+json\">)": "the content policy refuses it",
    r"\|\s*safe\b": "escaping is the rule",
    r"autoescape\s+false": "escaping is the rule",
    r"hx-trigger=\"[^\"]*\[": "event filters need eval and are ignored silently",
}
IN_MAIL = {
    r"<[a-z][^<>]*\sstyle=": "mail programs read nothing else",
    r"<style\b": "mail programs read nothing else",
    r"autoescape\s+false": "the plain text part is no HTML",
}


def templates() -> list[Path]:
    """All templates."""
    return sorted(file for file in TEMPLATES.rglob("*") if file.suffix in (".html", ".txt", ".xml"))


def test_templates_keep_to_the_content_policy():
    wrong = []
    for file in templates():
        text = re.sub(r"\{#.*?#\}", "", file.read_text("utf-8"), flags=re.DOTALL)
        mail = file.relative_to(TEMPLATES).parts[0] == "mail"
        for pattern, why in FORBIDDEN_IN_TEMPLATES.items():
            if re.search(pattern, text) and not (mail and pattern in IN_MAIL):
                wrong.append(f"{file.relative_to(ROOT)}: {pattern} ({why})")
    assert wrong == []


def test_what_htmx_does_works_without_it():
    """UX rule 1: each hx-get and hx-post stands on a link or form with an address, and has its own target."""
    wrong = []
    for file in templates():
        for element in re.finditer(r"<(\w+)\b[^<>]*\bhx-(?:get|post)=[^<>]*>", file.read_text("utf-8")):
            tag, markup = element.group(1), element.group()
            if "hx-target=" not in markup:
                wrong.append(f"{file.relative_to(ROOT)}: no hx-target in {markup[:80]}")
            needs = {"a": "href=", "form": "action="}.get(tag)
            if needs and needs not in markup:
                wrong.append(f"{file.relative_to(ROOT)}: no {needs} in {markup[:80]}")
    assert wrong == []


def test_every_template_is_used_and_every_used_one_is_there():
    text = "".join(file.read_text("utf-8") for file in [*sources(), *templates()])
    used = set(re.findall(r"['\"]([\w./-]+\.(?:html|txt|xml))['\"]", text))
    names = {file.relative_to(TEMPLATES).as_posix() for file in templates()}
    assert sorted(names - used) == [], "never used"
    folders = {path.name for path in TEMPLATES.iterdir()}
    assert sorted(name for name in used - names if name.split("/")[0] in folders) == [], "missing"
