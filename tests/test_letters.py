"""Letters become mails that no words of people can break."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.html import read
from tests.post import html_of, parsed, text_of, unflowed
from tests.times import NOW
from webapp import letters
from webapp.mailer import Letter, QueuedMail

SERVERS_TAKE = 998  # bytes in a line (RFC 5322)


def row(**values) -> QueuedMail:
    """A row of the queue that is nowhere stored."""
    made = {"id": 7, "kind": "note", "about": 1, "address": "vera@visitor.example", "name": "Vera",
            "language": "en", "region": "CH", "stop": None, "queued_at": NOW, **values}  # fmt: skip
    return QueuedMail(**made)


def letter(**values) -> Letter:
    """A short letter."""
    made = {"subject": "News", "heading": "News", "paragraphs": ("Something has happened.",), "why": "A test.",
            **values}  # fmt: skip
    return Letter(**made)


def written(**values) -> bytes:
    return letters.build(letter(**values), row())


MARKS = "to-mark@mark.invalid <id-mark@mark.invalid> https://stop-mark.invalid/ https://stop-0.mark.invalid/"


def test_words_that_look_like_a_mark_stay_words(app):
    """SECURITY: the recipient's values go where the mail has them, nowhere into people's text."""
    message = parsed(letters.build(letter(paragraphs=(MARKS,), quote=("en", MARKS)), row(stop="tenders:abc")))
    assert unflowed(message).count(MARKS) == 2
    assert read(html_of(message))[0].text.count(MARKS) == 2
    assert message["To"] == "vera@visitor.example"


def test_the_marks_are_drawn_anew_by_each_process():
    """Nobody can learn them from the source and write them into a call."""
    print_mark = "from webapp import letters; print(letters._MARK)"
    other = subprocess.run([sys.executable, "-c", print_mark], capture_output=True, text=True, check=True)
    assert len(letters._MARK) == 16 and other.stdout.strip() != letters._MARK
    for mark in (letters._TO, letters._ID, letters._STOP):
        assert letters._MARK in mark


def test_nothing_of_the_marks_is_left_in_a_mail(app):
    assert letters._MARK.encode() not in letters.build(letter(), row(stop="tenders:abc"))


@pytest.mark.parametrize(
    "bad",
    ["\r\nBcc: spy@evil.example", "\nBcc: spy@evil.example", "\x0bBcc: x@y.example", "\x0cBcc: x@y.example",
     "\x1cBcc: x@y.example", "\x1e", "\x85Bcc: x@y.example", "\u2028Bcc: x@y.example", "\u2029", "\x00", "\u202e"],
)  # fmt: skip
def test_no_subject_smuggles_a_header_in(app, bad):
    """SECURITY: whatever stands in a title, a mail has one subject and no other recipients."""
    raw = written(subject=f"New call: shop{bad} for glasses")
    message = parsed(raw)
    assert message["Bcc"] is None and len(message.get_all("Subject")) == 1
    assert "\n" not in message["Subject"] and bad not in message["Subject"]
    assert message["Subject"].startswith("New call: shop") and message["Subject"].endswith("for glasses")
    assert raw.split(b"\r\n\r\n")[0].lower().count(b"\r\nbcc") == 0


@pytest.mark.parametrize(
    "title",
    [
        "🙂" * 90,
        "word " * 30,
        "x" * 200,
        "é" * 90,
        "眼鏡" * 45,
        "👩‍👩‍👧‍👦 " * 20,
        "Ein Titel mit Umlauten äöü " * 6,
    ],
)
def test_a_long_subject_is_cut_and_folded(app, title):
    """A subject is at most 77 characters; no header line is longer than 78, no encoded word than 75 (RFC 2047)."""
    raw = written(subject=f"New call for tenders: {title}")
    head = re.match(rb"Subject: .*?\r\n(?=\S)", raw, re.DOTALL).group().split(b"\r\n")
    assert max(len(line) for line in head) <= 78
    assert all(len(word) <= 75 for line in head for word in re.findall(rb"=\?\S+\?=", line))
    subject = str(parsed(raw)["Subject"])
    assert len(subject) <= 77
    assert subject.startswith("New call for tenders: ") and subject.endswith("…")
    whole = f"New call for tenders: {title}"
    assert whole.startswith(subject[:-1]) and len(subject) > 50


def test_a_subject_that_fits_stays(app):
    assert (
        parsed(written(subject="Votre appel d’offres est publié"))["Subject"]
        == "Votre appel d’offres est publié"
    )


@pytest.mark.parametrize(
    "words",
    [
        "🙂" * 280,
        "&" * 280,
        "'\"<>&" * 56,
        "x" * 280,
        "word " * 56,
        "眼鏡店" * 90,
        "a" * 72,
        "a" * 73,
        "Donaudampfschiff" * 18,
    ],
)
def test_lines_are_as_long_as_mail_servers_take_them(app, words):
    """RFC 5322: also where people write 280 characters without a blank, and each becomes five in HTML."""
    raw = written(heading=words, paragraphs=(words, f"They wrote “{words}” to us."), quote=("en", words),
                  facts=(("Partners", ", ".join(["Some Partner & Söhne GmbH"] * 200)),),
                  entries=((words, words, "http://localhost/x"),))  # fmt: skip
    assert max(len(line) for line in raw.split(b"\r\n")) <= SERVERS_TAKE
    message = parsed(raw)
    text = text_of(message)
    assert all(len(line) <= 78 for line in text.splitlines() if "http" not in line)
    root, complaints, _doctype = read(html_of(message))
    assert complaints == []
    shown = "".join(root.text.split())
    assert shown.count("".join(words.split())) >= 5
    assert "".join(unflowed(message).split()).count("".join(words.split())) == 6


def test_no_line_of_the_template_itself_is_broken(app):
    """The style sheet and the tags have to stay whole."""
    html = html_of(parsed(written(button=("Open", "http://localhost/en/t/" + "x" * 65))))
    assert "<wbr" not in html
    assert html.count("<style>") == 1


def test_each_line_of_a_quote_is_marked(app):
    message = parsed(written(quote=("en", "We sell eyeglasses in three branches. " * 7)))
    text = text_of(message)
    quoted = [line for line in text.splitlines() if "eyeglasses" in line or "branches" in line]
    assert len(quoted) >= 4 and all(line.startswith("> ") for line in quoted)
    assert "We sell eyeglasses in three branches. We sell" in unflowed(message)


def test_an_address_is_never_cut(app):
    address = "http://localhost/en/t/" + "x" * 150
    message = parsed(written(button=("Open", address)))
    assert address in text_of(message).splitlines()
    assert address in html_of(message)


@settings(max_examples=40, deadline=None)
@given(words=st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=280))
def test_any_words_make_a_mail(words):
    """Lines, wrapped and broken, say what was written."""
    short = letters._short_lines(f"<p>{letters.paragraph_breaks(words * 4)}</p>")
    assert all(len(line.encode()) <= SERVERS_TAKE for line in short.split("\n"))
    flowed = letters._flowed(f"{words}\n\n> {words}")
    assert all(len(line) <= 78 or "://" in line for line in flowed.split("\n"))
    assert len(letters._subject(words)) <= letters.LONGEST_SUBJECT
