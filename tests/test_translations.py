"""The catalogues: whole, spelled and spaced as each language wants it, one word per thing."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message

from webapp import create_app, extraction
from webapp.config import LANGUAGES
from webapp.i18n import catalogue as compiled
from webapp.i18n import gettext, speaking

PACKAGE = Path(__file__).parent.parent / "webapp"
FOREIGN = LANGUAGES[1:]
NARROW, NO_BREAK, SOFT_HYPHEN = "\u202f", "\u00a0", "\u00ad"

# English, as a whole word in the message id -> how its translations begin (GLOSSARY)
GLOSSARY = {
    "operator": {"fr": "exploitant", "de": "betreib"},
    "partner directory": {"fr": "annuaire", "de": "verzeichnis"},
    "partner": {"fr": "partenaire|partenariat", "de": "partner"},
    "partners": {"fr": "partenaire|partenariat", "de": "partner"},
    "client": {"fr": "client", "de": "kund"},
    "clients": {"fr": "client", "de": "kund"},
    "legal representative": {"fr": "responsable légal", "de": "gesetzliche[nrs]? vertret"},
    "administrator": {"fr": "administrat", "de": "administrat"},
    "collaborator": {"fr": "collaborat", "de": "mitarbeit"},
    "call for tenders": {"fr": "appels? d’offres", "de": "ausschreibung"},
    "calls for tenders": {"fr": "appels? d’offres", "de": "ausschreibung"},
    "offer": {"fr": "offr", "de": "angebot|angeboten"},
    "offers": {"fr": "offr", "de": "angebot"},
    "discount": {"fr": "remise", "de": "rabatt"},
    "cashback": {"fr": "cashback", "de": "cashback"},
    "invoice": {"fr": "factur", "de": "rechnung"},
    "invoices": {"fr": "factur", "de": "rechnung"},
    "commission": {"fr": "commission", "de": "provision"},
    "affiliate programme": {"fr": "programme d’affiliation", "de": "affiliate-programm"},
    "payout": {"fr": "versement", "de": "auszahlung"},
    "VAT": {"fr": "TVA", "de": "MWST|MwSt"},
    "help centre": {"fr": "centre d’aide", "de": "hilfe"},
    "support code": {"fr": "code support", "de": "support-code"},
}

# (language, message id) -> why it is right nevertheless
EXCEPTIONS: dict[tuple[str, str], str] = {}


@lru_cache
def fresh() -> Catalog:
    """What code and templates say now. The application's modules have to be loaded for the refusals."""
    from tests.conftest import settings_for_tests

    create_app(settings_for_tests("sqlite:////nonexistent/never-opened", Path("/nonexistent")))
    return extraction.extract()


@lru_cache
def kept(language: str) -> Catalog:
    """The catalogue on disk."""
    return extraction.catalogue_of(language)


def key(message: Message) -> tuple[str | None, str]:
    """Context and English singular."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def english(message: Message) -> list[str]:
    """Singular and plural, or the one form."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def forms(message: Message) -> list[str]:
    """All translated forms."""
    return [message.string] if isinstance(message.string, str) else list(message.string)


def messages(language: str) -> list[Message]:
    """All messages of the catalogue that have a translation."""
    return [message for message in kept(language) if message.id and all(forms(message))]


def told(wrong: list[str]) -> str:
    """The first few of many, to be read in a test's report."""
    return "\n".join([f"{len(wrong)}:", *wrong[:25]])


@pytest.mark.parametrize("language", FOREIGN)
def test_every_message_is_in_the_catalogue(language):
    """RULES L2. `make translate` collects them."""
    have = {key(message) for message in kept(language)}
    missing = [repr(key(message)[1]) for message in fresh() if message.id and key(message) not in have]
    assert not missing, told(missing)


@pytest.mark.parametrize("language", FOREIGN)
def test_every_message_is_translated_and_sure(language):
    """RULES L2."""
    open_ = [repr(key(m)[1]) for m in kept(language) if m.id and (not all(forms(m)) or m.fuzzy)]
    assert not open_, told(open_)


@pytest.mark.parametrize("language", FOREIGN)
def test_the_catalogue_holds_nothing_that_nobody_says(language):
    said = {key(message) for message in fresh()}
    left = [repr(key(message)[1]) for message in kept(language) if message.id and key(message) not in said]
    assert not left and not kept(language).obsolete, told(left)


def test_every_refusal_that_is_raised_is_a_message():
    """Sentences of refusals stand as class attributes or as literals where they are raised."""
    said = {key(message)[1] for message in fresh()}
    missing = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                first = node.exc.args[0]
                kind = ast.unparse(node.exc.func)
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and kind in REFUSALS:
                    missing += [f"{file.name}: {first.value}"] * (first.value not in said)
    assert missing == []


REFUSALS = {"Refused", "Gone", "BadFile"}


@pytest.mark.parametrize("language", FOREIGN)
def test_placeholders_are_the_same(language):
    pattern = re.compile(r"%\((\w+)\)[a-z]|%%|%[^(]")
    wrong = []
    for message in messages(language):
        expected = set(pattern.findall(english(message)[-1])) | (
            {"num"} if len(english(message)) > 1 else set()
        )
        for form in forms(message):
            found = set(pattern.findall(form))
            if found - expected or (expected - found - {"num"}):
                wrong.append(f"{english(message)[-1]!r} -> {form!r}")
    assert not wrong, told(wrong)


@pytest.mark.parametrize("language", FOREIGN)
def test_a_sentence_ends_as_the_english_one_does(language):
    """A missing full stop, a question without its mark, a blank at the end."""
    wrong = []
    for message in messages(language):
        for form in forms(message):
            for mark in (".", "…", "?", ":", " ", "\n"):
                if english(message)[-1].endswith(mark) != form.endswith(mark):
                    wrong.append(f"{english(message)[-1]!r} -> {form!r}")
                    break
    assert not wrong, told(wrong)


@pytest.mark.parametrize("language", FOREIGN)
def test_plurals_have_the_forms_of_the_language(language):
    assert kept(language).num_plurals == 2
    wrong = [repr(m.id) for m in messages(language) if isinstance(m.id, tuple | list) and len(forms(m)) != 2]
    assert not wrong, told(wrong)


@pytest.mark.parametrize("language", FOREIGN)
def test_one_word_per_thing(language):
    wrong = []
    for message in messages(language):
        source = " ".join(english(message))
        target = " ".join(forms(message)).replace(SOFT_HYPHEN, "")
        for term, translations in GLOSSARY.items():
            if re.search(rf"(?<![\w(]){term}(?!\w)", source, re.IGNORECASE):
                stem = translations[language]
                if (
                    not re.search(stem, target, re.IGNORECASE)
                    and (language, english(message)[0]) not in EXCEPTIONS
                ):
                    wrong.append(f"{term}: {source!r} -> {target!r}")
    assert not wrong, told(wrong)


def test_exceptions_are_still_needed():
    for language, message_id in EXCEPTIONS:
        assert any(english(message)[0] == message_id for message in kept(language)), message_id


def without_placeholders(text: str) -> str:
    """The words alone: placeholders become a letter, addresses go."""
    return re.sub(r"https?://\S+", "", re.sub(r"%\(\w+\)[a-z]", "x", text))


def test_french_has_its_spaces():
    """U+202F before ; ! ? and U+00A0 before : and inside « »."""
    wrong = []
    for message in messages("fr"):
        for form in forms(message):
            text = without_placeholders(form)
            bad = (
                re.search(rf"[^{NARROW};!?][;!?](?=\s|$|[»)])", text)
                or re.search(rf"[^{NO_BREAK}\d]:(?=\s|$)", text)
                or re.search(rf"«[^{NO_BREAK}]", text)
                or re.search(rf"[^{NO_BREAK}]»", text)
            )
            if bad:
                wrong.append(f"{bad.group()!r} in {form!r}")
    assert not wrong, told(wrong)


STRAIGHT = re.compile(r"\w'\w|\"|\.\.\.|(?<=\s)-(?=\s)")


def test_typography_is_no_typewriter_s():
    wrong = [
        repr(text)
        for language in FOREIGN
        for message in messages(language)
        for text in (*english(message), *forms(message))
        if STRAIGHT.search(text)
    ]
    assert not wrong, told(wrong)


NOT_OURS = re.compile(
    r"\b(color|center|canceled|organization|catalog(?!ue)|favorite|inquir)\w*\b|\bplease enter a valid\b|!",
    re.IGNORECASE,
)


def test_english_ids_are_plain_british_sentences():
    ids = [text for message in fresh() if message.id for text in english(message)]
    wrong = [repr(text) for text in ids if NOT_OURS.search(text) or STRAIGHT.search(text)]
    assert not wrong, told(wrong)


# Sentences that are chosen at run time, from literals that extraction has seen elsewhere.
CHOSEN = {
    "i18n.py": "the refusal's own sentence, and the functions themselves",
    "forms.py": "the refusal's own sentence",
    "errors.py": "the refusal's own sentence",
}


def test_every_message_is_a_literal():
    """A message that is put together at run time is in no catalogue."""
    wrong = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("_", "gettext", "ngettext", "lazy"):
                first = node.args[0] if node.args else None
                literal = isinstance(first, ast.Constant) and isinstance(first.value, str)
                if not literal and file.name not in CHOSEN:
                    wrong.append(f"{file.relative_to(PACKAGE)}:{node.lineno} {ast.unparse(node)}")
    assert not wrong, told(wrong)


def test_german_quotes_are_german():
    wrong = [
        repr(f)
        for m in messages("de")
        for f in forms(m)
        if ("“" in f and "„" not in f) or "”" in f or "«" in f
    ]
    assert not wrong, told(wrong)


@pytest.mark.parametrize("language", FOREIGN)
def test_nothing_is_garbled(language):
    garbled = re.compile(r"TRANSLATION_ERROR|Ă|Ã|â€|\ufffd|&(amp|lt|gt|nbsp|quot);|[\x00-\x08\x0b-\x1f]")
    wrong = [repr(form) for message in messages(language) for form in forms(message) if garbled.search(form)]
    assert not wrong, told(wrong)


@pytest.mark.parametrize("language", FOREIGN)
def test_people_are_addressed_politely(language):
    familiar = {
        "fr": r"\b(tu|toi|tes|t’as|votre ton)\b",
        "de": r"\b(du|dich|dir|dein\w*)\b",
    }[language]
    wrong = [
        repr(f) for message in messages(language) for f in forms(message) if re.search(familiar, f, re.I)
    ]
    assert not wrong, told(wrong)


def test_swiss_german_has_no_eszett_and_swiss_quotes():
    """RULES L2; the words for Switzerland are made from the same catalogue."""
    swiss = compiled("de", True)
    wrong = []
    for message in messages("de"):
        for text in english(message)[:1]:
            spoken = swiss.upgettext(message.context, text) if message.context else swiss.ugettext(text)
            if "ß" in spoken or "„" in spoken:
                wrong.append(spoken)
    assert not wrong, told(wrong)


@pytest.mark.parametrize(
    ("region", "word"), [("CH", "MWST"), ("LI", "MWST"), ("DE", "MwSt."), ("AT", "MwSt.")]
)
def test_german_has_the_word_for_vat_of_the_readers_country(region, word):
    """RULES L2; GLOSSARY. In the number of a Swiss company it is part of the number."""
    example = "It is shown on your invoices, such as DE136695976 or CHE-107.787.577 MWST."
    with speaking("de", region):
        assert gettext("VAT") == word
        assert gettext("VAT number") == f"{word}-Nummer"
        assert gettext("Without VAT") == f"Ohne {word}"
        assert gettext("No VAT is charged.") == f"Es wird keine {word} berechnet."
        assert gettext(example).endswith("oder CHE-107.787.577 MWST.")


def test_german_sentences_about_vat_end_with_one_full_stop():
    """RULES L2; GLOSSARY."""
    german, wrong = compiled("de", False), []
    for message in messages("de"):
        for text in english(message)[:1]:
            spoken = german.upgettext(message.context, text) if message.context else german.ugettext(text)
            if "MwSt.." in spoken or re.search(r"(?<!\d )MWST", spoken):
                wrong.append(spoken)
    assert not wrong, told(wrong)


def test_long_german_words_in_menus_and_on_buttons_can_be_broken():
    """Menus, buttons and table heads are messages of at most three words; without soft hyphens they burst."""
    wrong = []
    for message in messages("de"):
        if len(english(message)[0].split()) <= 3:
            for word in re.findall(rf"[\w{SOFT_HYPHEN}]+", " ".join(forms(message))):
                if len(word.replace(SOFT_HYPHEN, "")) > 17 and SOFT_HYPHEN not in word:
                    wrong.append(word)
    assert not wrong, told(sorted(set(wrong)))


def test_collecting_again_changes_nothing(tmp_path, monkeypatch):
    """`make translate` on a catalogue that is up to date leaves the files byte by byte as they are."""
    fresh()
    before = {language: extraction.path_of(language).read_bytes() for language in FOREIGN}
    for language in FOREIGN:
        copy = tmp_path / language / "LC_MESSAGES" / "messages.po"
        copy.parent.mkdir(parents=True)
        copy.write_bytes(before[language])
    monkeypatch.setattr(extraction, "CATALOGUES", tmp_path)
    extraction.update()
    for language in FOREIGN:
        assert extraction.path_of(language).read_bytes() == before[language], (
            f"run make translate ({language})"
        )
