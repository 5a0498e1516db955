"""Collects the sentences of code and templates into the catalogues under `translations/`.

Catalogues hold no line numbers and no dates: a change shows only the sentences that changed.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from webapp.config import LANGUAGES
from webapp.i18n import CATALOGUES

ROOT = Path(__file__).parent.parent
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "BadFile": None,
}
METHODS = [("**.py", "python"), ("**.html", "jinja2"), ("**.txt", "jinja2")]
OPTIONS = {
    "**.html": {"silent": "false", "trimmed": "true"},
    "**.txt": {"silent": "false", "trimmed": "true"},
}


def extract() -> Catalog:
    """Every sentence that people can read; raises on a template that does not parse."""
    catalogue = Catalog(charset="utf-8", fuzzy=False)
    for folder in ("webapp", "templates"):
        for name, _line, message, comments, context in extract_from_dir(
            ROOT / folder, METHODS, OPTIONS, keywords=KEYWORDS, comment_tags=["Translators:"]
        ):
            catalogue.add(message, None, [(f"{folder}/{name}", 0)], auto_comments=comments, context=context)
    for sentence in _refusals():
        catalogue.add(sentence, None, [("refusals", 0)])
    return catalogue


def _refusals() -> list[str]:
    """The sentences of domain refusals stand as class attributes, out of the reach of extraction."""
    from webapp.refused import Refused

    def below(kind: type[Refused]) -> list[type[Refused]]:
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    return sorted({kind.sentence for kind in below(Refused)})


def catalogue_of(language: str) -> Catalog:
    """The catalogue as it is on disk; an empty one where there is none."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def path_of(language: str) -> Path:
    """Where a language's catalogue stands."""
    return CATALOGUES / language / "LC_MESSAGES" / "messages.po"


def update() -> dict[str, int]:
    """Brings the catalogues up to date; how many sentences wait for a translation, by language."""
    fresh = extract()
    waiting = {}
    for language in LANGUAGES[1:]:
        catalogue = catalogue_of(language)
        catalogue.update(fresh, no_fuzzy_matching=True)
        catalogue.obsolete.clear()
        save(language, catalogue)
        waiting[language] = len([entry for entry in catalogue if entry.id and not _done(entry.string)])
    return waiting


def save(language: str, catalogue: Catalog) -> None:
    """Writes a language's catalogue to disk."""
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=100, include_lineno=False, omit_header=True, sort_by_file=True)
    path_of(language).parent.mkdir(parents=True, exist_ok=True)
    entries = buffer.getvalue().decode().rstrip("\n")
    path_of(language).write_text(_header(language, catalogue) + entries + "\n", encoding="utf-8")


def _header(language: str, catalogue: Catalog) -> str:
    """What tools need to read the file; Babel's own header names people and dates that nobody fills in."""
    return f"""msgid ""
msgstr ""
"Project-Id-Version: Cordée\\n"
"Language: {language}\\n"
"Plural-Forms: {catalogue.plural_forms}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""


def _done(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)
