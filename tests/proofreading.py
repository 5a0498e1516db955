"""What every page must be, whatever it is about; the tests' client asks it of each answer."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

from tests.html import Element, read
from webapp.config import LANGUAGES
from webapp.i18n import CATALOGUES

LEAKS = re.compile(
    r"\{\{|\}\}|\{%|%\(|\bUndefined\b|<function|object at 0x|&(amp|lt|gt|quot|#\d+);|\bRole\.|\bStatus\."
)
BARE_NONE = re.compile(r"(^|[:(,–] ?)None($|[),.])")
MOJIBAKE = re.compile(r"Ã.|Ă|â€|Â[\u00a0-\u00bf]|\ufffd")
NEEDS_NO_LABEL = {"hidden", "submit", "button", "image", "reset"}
POINTERS = {"for", "aria-describedby", "aria-labelledby", "aria-controls", "list", "form"}


def complaints_about(html: str, *, path: str, fragment: bool = False) -> list[str]:
    """Everything that is wrong with this page, or part of a page for HTMX; a sentence each."""
    root, found, doctype = read(html)
    if fragment:
        tops = [child for child in root.children if isinstance(child, Element)]
        if len(tops) != 1:
            found.append(f"a fragment has one root element, this has {len(tops)}")
    else:
        found += _whole_page(root, doctype, path)
    found += _ids(root)
    found += _controls(root)
    found += _forms(root)
    found += _policy(root)
    found += _words(root)
    found += _untranslated(root, path)
    return found


def _language_of(path: str) -> str:
    first = path.strip("/").split("/")[0]
    return first if first in LANGUAGES else ""


def _whole_page(root: Element, doctype: str, path: str) -> list[str]:
    found = []
    if doctype.lower() != "doctype html":
        found.append("the doctype is missing")
    page = next(iter(root.all("html")), None)
    if page is None:
        return [*found, "there is no <html>"]
    expected = _language_of(path)
    if page.get("lang") not in LANGUAGES or (expected and page.get("lang") != expected):
        found.append(f"lang is {page.get('lang')!r}")
    headings = [element.text for element in root.all("h1")]
    if len(headings) != 1 or not headings[0]:
        found.append(f"a page has one h1, this has {headings}")
    titles = [
        element.text for element in root.all("title") if element.parent and element.parent.tag == "head"
    ]
    if len(titles) != 1 or not titles[0] or titles[0].startswith(("–", "-")):
        found.append(f"the title is {titles}")
    if len(root.all("main")) != 1:
        found.append("a page has one <main>")
    level = 1
    after_h1 = False
    for heading in root.all("h1", "h2", "h3", "h4", "h5", "h6"):
        after_h1 = after_h1 or heading.tag == "h1"
        if after_h1 and int(heading.tag[1]) > level + 1:
            found.append(f"<{heading.tag}> {heading.text!r} skips a level")
        level = int(heading.tag[1])
    return found


def _ids(root: Element) -> list[str]:
    ids = Counter(element.get("id") for element in root.walk() if element.has("id"))
    found = [f"id {name!r} stands {n} times" for name, n in sorted(ids.items()) if n > 1]
    found += [f"id {name!r} is not an id" for name in ids if not name or re.search(r"\s", name)]
    if root.all("html"):  # a fragment may point at what stays on the page
        for element in root.walk():
            for pointer in POINTERS & element.attributes.keys():
                for name in element.get(pointer).split():
                    if name not in ids:
                        found.append(f"<{element.tag} {pointer}={name!r}> points at nothing")
            target = element.get("href")
            if element.tag == "a" and target.startswith("#") and len(target) > 1 and target[1:] not in ids:
                found.append(f"the link to {target!r} leads nowhere")
    return found


def _controls(root: Element) -> list[str]:
    found = []
    labelled = {label.get("for") for label in root.all("label") if label.text}
    for control in root.all("input", "select", "textarea"):
        if control.get("type") in NEEDS_NO_LABEL:
            continue
        wrapped = any(holder.tag == "label" and holder.text for holder in control.ancestors())
        named = control.get("aria-label") or control.get("aria-labelledby")
        if not (wrapped or named or control.get("id") in labelled):
            found.append(f"<{control.tag} name={control.get('name')!r}> has no label")
        if not control.get("name"):
            found.append(f"<{control.tag} id={control.get('id')!r}> has no name")
    for element in root.all("a", "button"):
        pictures = [picture.get("alt") or picture.get("aria-label") for picture in element.all("img", "svg")]
        if not (element.text or element.get("aria-label") or element.get("aria-labelledby") or any(pictures)):
            found.append(f"<{element.tag} href={element.get('href')!r}> has no words")
    for link in root.all("a"):
        if link.has("href") and (not link.get("href") or link.get("href").startswith("javascript:")):
            found.append(f"the link {link.text!r} leads nowhere")
        if any(holder.tag == "a" for holder in link.ancestors()):
            found.append(f"the link {link.text!r} stands in a link")
    found += [
        f"<img src={image.get('src')!r}> has no alt" for image in root.all("img") if not image.has("alt")
    ]
    found += [
        f"<fieldset {group.text[:30]!r}> has no legend"
        for group in root.all("fieldset")
        if not group.all("legend")
    ]
    return found


def _forms(root: Element) -> list[str]:
    found = []
    for form in root.all("form"):
        if any(holder.tag == "form" for holder in form.ancestors()):
            found.append("a form stands in a form")
        if not form.get("action"):
            found.append("a form has no action")
        if form.get("method").lower() not in ("get", "post"):
            found.append(f"the form to {form.get('action')!r} has no method")
        tokens = [field for field in form.all("input") if field.get("name") == "csrf_token"]
        if form.get("method").lower() == "post" and not (len(tokens) == 1 and tokens[0].get("value")):
            found.append(f"the form to {form.get('action')!r} needs one csrf_token, it has {len(tokens)}")
        if form.get("method").lower() == "get" and tokens:
            found.append(f"the form to {form.get('action')!r} would put its csrf_token into the address")
    for element in root.walk():
        for verb in ("hx-get", "hx-post"):
            if element.has(verb):
                plain = element if element.tag in ("a", "form") else next(
                    (holder for holder in element.ancestors() if holder.tag == "form"), element
                )  # fmt: skip
                if not (plain.get("href") or plain.get("action") or plain.get("formaction")):
                    found.append(
                        f"<{element.tag} {verb}={element.get(verb)!r}> does nothing without a script"
                    )
                if not element.get("hx-target"):
                    found.append(f"<{element.tag} {verb}={element.get(verb)!r}> has no hx-target of its own")
    return found


def _policy(root: Element) -> list[str]:
    """What the content policy would refuse."""
    found = [f"<style> stands in <{style.parent.tag if style.parent else ''}>" for style in root.all("style")]
    for script in root.all("script"):
        if not script.get("src") and script.get("type") != "application/ld+json":  # data, it is not run
            found.append("a script stands in the page")
    for element in root.walk():
        if element.has("style"):
            found.append(f"<{element.tag}> has a style of its own")
        for name in element.attributes:
            if name.startswith(("on", "hx-on", "hx-vals", "hx-vars")) or "js:" in element.get(name):
                found.append(f"<{element.tag}> has {name}")
        source = element.get("src") if element.tag in ("img", "script") else ""
        if source.startswith(("http:", "https:", "//", "data:")):
            found.append(f"<{element.tag} src={source!r}> comes from elsewhere")
    return found


@lru_cache(maxsize=20_000)  # menus say the same on every page
def _leak(words: str) -> str:
    text = " ".join(words.split())
    leak = LEAKS.search(text) or BARE_NONE.search(text) or MOJIBAKE.search(text)
    return leak.group() if leak else ""


def _words(root: Element) -> list[str]:
    found = [
        f"{leak!r} stands in {' '.join(words.split())[:80]!r} (<{holder.tag}>)"
        for holder, words in root.strings
        if (leak := _leak(words))
    ]
    for element in root.walk():
        for name, value in element.attributes.items():
            if value == "None" or "/None" in value or "=None" in value or "%(" in value or "{{" in value:
                found.append(f"<{element.tag} {name}={value!r}>")
    return found


@lru_cache
def _translated(language: str) -> frozenset[str]:
    """English sentences that have other words in this language."""
    from babel.messages.pofile import read_po

    file = CATALOGUES / language / "LC_MESSAGES" / "messages.po"
    if not file.exists():
        return frozenset()
    with file.open("rb") as stream:
        messages = [message for message in read_po(stream, locale=language) if isinstance(message.id, str)]
    own = {message.string for message in messages}  # "Filter" is German too, for another English word
    return frozenset(
        message.id
        for message in messages
        if message.id and message.string and "%" not in message.id and message.id not in own
    )


def _untranslated(root: Element, path: str) -> list[str]:
    language = _language_of(path)
    if language in ("", "en"):
        return []
    english = _translated(language)
    found = []
    for holder, words in root.strings:
        text = " ".join(words.split())
        if text in english and holder.language in ("", language):
            found.append(f"{text!r} is still English")
    return found
