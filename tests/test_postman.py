"""The post: nobody is missed, nothing leaves for a change that did not commit, everything ends somewhere.

Against a real SMTP server on this machine; the worker that is killed is a real process.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests import kinds
from tests.factories import make_user
from tests.post import Collector, MailServer, html_of, parsed, text_of
from tests.threads import at_once
from tests.times import NOW
from webapp import mailer, postman, transport
from webapp.accounts.models import User
from webapp.extensions import db
from webapp.mailer import Address, QueuedMail
from webapp.postman import BACK_OFF_MINUTES, BATCH, LEASE, Postman
from webapp.refused import Refused
from webapp.unit import lock, unit_of_work

ROOT = Path(__file__).parent.parent

queue = unit_of_work(mailer.queue)


@pytest.fixture(autouse=True)
def known_kinds(monkeypatch):
    monkeypatch.setattr(mailer, "KINDS", dict(mailer.KINDS))
    monkeypatch.setattr(postman, "KINDS", mailer.KINDS)
    monkeypatch.setattr(kinds, "WRITTEN", [])
    kinds.register()


@pytest.fixture
def subject(app):
    return make_user("Anna Keller")


def address(n, language="en"):
    return Address(f"person-{n}@example.com", f"Person {n}", language, "CH")


@unit_of_work
def queue_many(kind, about, n, *, stop=None):
    for k in range(n):
        mailer.queue(kind, address(k), about, now=NOW, stop=stop)


def mails():
    db.session.expire_all()
    return db.session.scalars(sa.select(QueuedMail).order_by(QueuedMail.id)).all()


def states():
    return Counter(mail.state for mail in mails())


@pytest.fixture
def send(app, smtp, elsewhere):
    """One round of a postman with a connection of its own."""

    def send(now=None):
        def one_round():
            way_out = transport.transport(app)
            try:
                return Postman(app, way_out).round(now=now)
            finally:
                way_out.close()

        return elsewhere(one_round)

    return send


# --- what a mail is -----------------------------------------------------------------------------------------


def test_a_mail_leaves_once(smtp, send, subject):
    queue("note", address(1), subject, now=NOW)
    assert send() == 1 and send() == 0
    assert states() == {"sent": 1}
    [received] = smtp.received
    assert received.to == ["person-1@example.com"] and received.sender == "partners@helvia.example"


def test_it_says_who_writes_to_whom_and_that_a_machine_wrote_it(smtp, send, subject):
    queue("note", address(1, "fr"), subject, now=NOW)
    send()
    message = smtp.received[0].message
    assert message["From"] == "Helvia Partners <partners@helvia.example>"
    assert message["To"] == "person-1@example.com"
    assert message["Reply-To"] == "desk@helvia.example"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "fr"
    assert message["Message-ID"].endswith("@helvia.example>")
    assert message["List-Unsubscribe"] is None
    assert message["Bcc"] is None and message["Cc"] is None


def test_text_and_html_say_the_same(smtp, send, subject):
    queue("note", address(1), subject, now=NOW)
    send()
    message = smtp.received[0].message
    for part in (text_of(message), html_of(message)):
        assert "Zürich, été, 10 €" in part and "News of Anna Keller" in part
    assert max(len(line) for line in text_of(message).splitlines()) <= 78


def test_its_words_are_in_the_language_of_who_gets_it(smtp, send, subject):
    """RULES L2."""
    for n, language in enumerate(("en", "fr", "de")):
        queue("note", address(n, language), subject, now=NOW)
    send()
    assert [r.message["Subject"] for r in smtp.received] == [
        f"News of Anna Keller ({x})" for x in ("en", "fr", "de")
    ]


def test_its_words_are_those_of_the_moment_it_leaves(smtp, send, subject):
    queue("note", address(1), subject, now=NOW)

    @unit_of_work
    def rename():
        lock(subject).name = "Anna Meier"

    rename()
    send()
    assert "Anna Meier" in smtp.received[0].message["Subject"]


def test_a_mail_whose_cause_is_gone_is_cancelled(smtp, send, subject):
    queue("note", address(1), subject, now=NOW)
    disable(subject.id)
    send()
    assert states() == {"cancelled": 1} and smtp.received == []


def test_mail_that_can_be_stopped_says_how(app, smtp, send, subject):
    """RFC 8058."""
    if "tenders.stop_mail" not in app.view_functions:
        pytest.fail("tenders.stop_mail is missing")
    queue("note", address(1), subject, now=NOW, stop="tenders:abc")
    send()
    message = smtp.received[0].message
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stop = message["List-Unsubscribe"].strip("<>")
    assert stop.startswith("http://localhost/en/") and stop in text_of(message) and stop in html_of(message)


# --- queue and transaction ----------------------------------------------------------------------------------


def test_a_mail_exists_exactly_when_its_change_committed(subject):
    """Invariant O1."""

    @unit_of_work
    def act():
        mailer.queue("note", address(1), subject, now=NOW)
        raise Refused

    with pytest.raises(Refused):
        act()
    assert mails() == []


def test_an_unknown_kind_is_a_bug_that_shows_at_once(subject):
    with pytest.raises(KeyError):
        queue("no-such-kind", address(1), subject, now=NOW)


def test_of_two_mails_with_one_key_one_is_queued(subject):
    for _n in range(2):
        queue("note", address(1), subject, now=NOW, dedupe="once")
    assert len(mails()) == 1


def test_a_delayed_mail_waits(smtp, send, clock, subject):
    queue("note", address(1), subject, now=NOW, delay=timedelta(hours=1))
    assert send() == 0
    clock.forward(hours=1)
    assert send() == 1


def test_several_postmen_share_the_work_and_none_doubles_it(app, subject):
    queue_many("note", subject, 120)
    ways_out = [Collector() for _n in range(4)]

    def deliver(way_out):
        postman = Postman(app, way_out)
        while postman.round():
            pass

    results = at_once(app, *[lambda way_out=way_out: deliver(way_out) for way_out in ways_out])
    assert results == [None] * 4
    sent = Counter(to for way_out in ways_out for to, _message in way_out.messages)
    assert len(sent) == 120 and set(sent.values()) == {1}
    assert states() == {"sent": 120}


# --- servers that do not do as they should ------------------------------------------------------------------


def test_a_busy_server_is_tried_again_later_and_later(smtp, send, clock, subject):
    """Invariant O2: seven times, then the mail is dead."""
    queue("note", address(1), subject, now=NOW)
    for n, minutes in enumerate(BACK_OFF_MINUTES, 1):
        smtp.answers.append("451 busy")
        assert send() == 1
        [mail] = mails()
        assert mail.state == "waiting" and mail.attempts == n and "451 busy" in mail.last_error
        pause = (mail.due_at - clock.now).total_seconds() / 60
        assert 0.8 * minutes <= pause <= 1.2 * minutes
        assert send() == 0, "it is not due yet"
        clock.now = mail.due_at
    smtp.answers.append("451 busy")
    send()
    assert states() == {"dead": 1} and smtp.received == []


def test_it_arrives_once_the_server_has_time(smtp, send, clock, subject):
    queue("note", address(1), subject, now=NOW)
    smtp.answers.append("451 busy")
    send()
    clock.forward(minutes=2)
    send()
    assert len(smtp.received) == 1 and states() == {"sent": 1}
    assert mails()[0].last_error is None


@pytest.mark.parametrize("pipelining", [True, False])
@pytest.mark.parametrize("where", ["recipient", "content"])
def test_what_is_refused_for_good_is_dead_and_told_to_the_operator(
    smtp, send, subject, caplog, where, pipelining
):
    """Invariant O2."""
    smtp.pipelining = pipelining
    if where == "recipient":
        smtp.refused["person-0@example.com"] = "550 no such mailbox"
    else:
        smtp.answers.append("554 we do not like it")
    queue_many("note", subject, 3)
    with caplog.at_level(logging.ERROR):
        send()
    assert states() == {"dead": 1, "sent": 2}
    assert "is dead: 55" in caplog.text and "Mail log" in caplog.text
    assert "person-0@example.com" not in caplog.text, "no addresses in logs"


@pytest.mark.parametrize("pipelining", [True, False])
def test_a_message_arrives_as_it_was_written(app, smtp, pipelining):
    smtp.pipelining = pipelining
    message = b"Subject: dots\r\n\r\n.\r\n..two\r\n.three\r\n"
    way_out = transport.transport(app)
    way_out.send("somebody@example.com", message)
    way_out.send('"some body"@example.com', message)
    way_out.close()
    assert [received.data for received in smtp.received] == [message] * 2
    assert [received.to for received in smtp.received] == [
        ["somebody@example.com"],
        ['"some body"@example.com'],
    ]


def test_a_recipient_that_is_refused_for_now_is_tried_again(smtp, send, clock, subject):
    smtp.refused["person-1@example.com"] = "450 greylisted"
    queue("note", address(1), subject, now=NOW)
    send()
    assert states() == {"waiting": 1}
    smtp.refused.clear()
    clock.forward(minutes=2)
    send()
    assert states() == {"sent": 1}


def test_a_server_that_hangs_up_gets_the_mail_again_under_the_same_id(smtp, send, clock, subject):
    queue_many("note", subject, 3)
    smtp.answers.append("250 OK")
    smtp.answers.append(MailServer.HANG_UP)
    send()
    assert states() == {"sent": 2, "waiting": 1}, "the third left over a new connection"
    clock.forward(minutes=2)
    send()
    assert states() == {"sent": 3}
    assert len({received.message["Message-ID"] for received in smtp.received}) == 3


def test_without_a_server_nothing_is_lost(app, elsewhere, clock, subject):
    """The mails of a night without a server leave in the morning."""
    queue_many("note", subject, 3)

    class NoServer:
        def send(self, to, message):
            raise transport.Later("ConnectionRefusedError")

        def close(self):
            pass

    elsewhere(lambda: Postman(app, NoServer()).round())
    assert states() == {"waiting": 3}
    clock.forward(hours=8)
    way_out = Collector()
    elsewhere(lambda: Postman(app, way_out).round())
    assert states() == {"sent": 3} and len(way_out.messages) == 3


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(app, smtp, send, subject):
    from dataclasses import replace

    settings = replace(app.config["SETTINGS"], mail_url=f"smtp://127.0.0.1:{smtp.port}")
    app.config["SETTINGS"] = settings  # `smtp` puts the old ones back
    transport.configure(app, settings)
    queue("note", address(1), subject, now=NOW)
    send()
    assert smtp.received == [] and states() == {"waiting": 1}
    assert "STARTTLS" in mails()[0].last_error


def test_mail_may_go_into_a_folder(app, elsewhere, subject, tmp_path):
    queue_many("note", subject, 2)
    elsewhere(lambda: Postman(app, transport.FolderTransport(tmp_path / "mail")).round())
    files = sorted((tmp_path / "mail").iterdir())
    assert [parsed(file.read_bytes())["To"] for file in files] == [
        "person-0@example.com",
        "person-1@example.com",
    ]


# --- harm ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bad",
    [
        "a@example.com\nBcc: b@example.com",
        "a@example.com, b@example.com",
        "a@example.com\x0bBcc: b@example.com",
        "<a@example.com>",
        "a b@example.com",
        "a@exam ple.com",
        "@example.com",
        "not an address",
        "",
    ],
)
def test_what_is_no_plain_address_never_reaches_a_header(smtp, send, subject, bad):
    queue("note", Address(bad, "X", "en", "CH"), subject, now=NOW)
    queue("note", address(1), subject, now=NOW)
    send()
    assert states() == {"dead": 1, "sent": 1}
    assert [received.to for received in smtp.received] == [["person-1@example.com"]]


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028"])
def test_no_name_smuggles_a_header_in(smtp, send, subject, mark):
    """SECURITY: control characters in a subject put a real Bcc on the wire."""

    @unit_of_work
    def rename():
        lock(subject).name = f"Anna{mark}Bcc: evil@example.com{mark}X-Evil: yes"

    rename()
    queue("note", address(1), subject, now=NOW)
    queue_many("note", make_user("Berta"), 1)
    send()
    for received in smtp.received:
        assert received.message["Bcc"] is None and received.message["X-Evil"] is None
        head = received.data.split(b"\r\n\r\n")[0]
        assert b"\nBcc" not in head and b"\nX-Evil" not in head
    assert "News of Berta (en)" in [received.message["Subject"] for received in smtp.received]


def test_a_mail_that_cannot_be_written_stops_no_other(smtp, send, subject, monkeypatch, caplog):
    def broken(mail):
        raise ZeroDivisionError

    monkeypatch.setitem(mailer.KINDS, "broken", mailer.Kind(broken))
    queue("broken", address(1), subject, now=NOW)
    queue("note", address(2), subject, now=NOW)
    send()
    assert states() == {"waiting": 1, "sent": 1}
    assert "ZeroDivisionError" in caplog.text


# --- to many ------------------------------------------------------------------------------------------------


@unit_of_work
def disable(user_id):
    lock(db.session.get_one(User, user_id)).disabled_at = NOW


def test_a_mail_to_many_is_written_once_per_language(smtp, send, subject):
    for n in range(9):
        queue("notice", address(n, ("en", "fr", "de")[n % 3]), subject, now=NOW)
    send()
    assert len(kinds.WRITTEN) == 3
    for n, received in enumerate(smtp.received):
        assert received.to == [f"person-{n}@example.com"] and received.message["To"] == received.to[0]
        assert received.message["Content-Language"] == ("en", "fr", "de")[n % 3]
    assert len({received.message["Message-ID"] for received in smtp.received}) == 9


def test_each_of_many_can_stop_their_own(smtp, send, subject):
    for n in range(2):
        queue("notice", address(n), subject, now=NOW, stop=f"tenders:person{n}")
    send()
    stops = [received.message["List-Unsubscribe"] for received in smtp.received]
    assert len(set(stops)) == 2
    for received, stop in zip(smtp.received, stops, strict=True):
        assert stop.strip("<>") in text_of(received.message)


def test_what_no_longer_holds_is_not_sent(smtp, send, subject):
    queue_many("notice", subject, 5)
    disable(subject.id)
    send()
    assert smtp.received == [] and states() == {"cancelled": 5}


def test_a_cancel_in_mid_fan_out_lets_nothing_leave_after_it(app, smtp, subject, monkeypatch):
    """RULES T3, invariant N3: the mail in hand may arrive, none after it."""
    monkeypatch.setattr(postman, "RECHECK_SECONDS", 0)
    subject_id = subject.id
    queue_many("notice", subject, BATCH + 10)
    release = threading.Event()
    smtp.answers.extend(["250 OK", "250 OK", release])

    def deliver():
        with app.app_context():
            working = Postman(app, transport.transport(app))
            while working.round():
                pass
            working._transport.close()

    worker = threading.Thread(target=deliver)
    worker.start()
    assert smtp.holding.wait(20)

    @unit_of_work
    def cancel():
        lock(db.session.get_one(User, subject_id)).disabled_at = NOW
        mailer.withhold("notice", subject_id, now=NOW)

    cancel()
    assert mailer.in_hand("notice", subject_id, now=NOW), "somebody has mails of it in hand"
    assert states()["cancelled"] == 10, "those that no postman has in hand are withheld at once"
    db.session.commit()
    release.set()
    worker.join(30)
    assert len(smtp.received) == 3
    assert states() == {"sent": 3, "cancelled": BATCH + 7}
    assert not mailer.in_hand("notice", subject_id, now=NOW)


# --- a worker that dies -------------------------------------------------------------------------------------

WORKER = """
from tests import kinds
from webapp import create_app
from webapp.worker import Stop, run
app = create_app()
kinds.register()
run(app, Stop().listen())
"""


@pytest.fixture
def worker(app, smtp):
    """Starts real workers, processes of their own."""
    settings = app.config["SETTINGS"]
    names = ("mode", "secret_key", "base_url", "database_url", "mail_url", "mail_from", "operator_name")
    environment = {name.upper(): getattr(settings, name) for name in (*names, "operator_email")}
    running = []

    def start():
        db.session.commit()
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", WORKER],
                cwd=ROOT,
                env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("kind", ["note", "notice"])
@pytest.mark.parametrize("killed_at", [1, 60])
def test_a_worker_killed_in_mid_fan_out_misses_nobody_and_doubles_at_most_one(
    app, smtp, send, subject, worker, kind, killed_at
):
    """At most one second copy, and it has the same Message-ID."""
    queue_many(kind, subject, 70)
    release = threading.Event()
    smtp.answers.extend(["250 OK"] * (killed_at - 1) + [release])
    process = worker()
    assert smtp.holding.wait(60), process.communicate(timeout=5)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    release.set()  # the server has taken the mail, but nobody is left to note it
    later = datetime.now(UTC) + LEASE + timedelta(seconds=1)
    while send(now=later):
        pass
    copies = Counter(received.to[0] for received in smtp.received)
    assert len(copies) == 70, "somebody was missed"
    assert sum(copies.values()) <= 71
    for person in (person for person, n in copies.items() if n > 1):
        assert len({received.message["Message-ID"] for received in smtp.to(person)}) == 1
    assert states() == {"sent": 70}


def test_a_worker_that_is_asked_to_stop_finishes_the_mail_in_hand_and_gives_back_the_rest(
    smtp, subject, worker
):
    queue_many("note", subject, 20)
    release = threading.Event()
    smtp.answers.extend(["250 OK", release])
    process = worker()
    assert smtp.holding.wait(60), process.communicate(timeout=5)
    process.terminate()
    release.set()
    assert process.wait(20) == 0
    assert states() == {"sent": 2, "waiting": 18}
    assert {(mail.attempts, mail.leased_until) for mail in mails() if mail.state == "waiting"} == {(0, None)}
