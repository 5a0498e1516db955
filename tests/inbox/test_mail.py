"""The daily mail about calls; tests/tenders/test_mail.py reads it in every language, beside the others."""

from __future__ import annotations

from datetime import timedelta

from tests.factories import make_organisation, make_partner, make_user
from tests.post import of_kind, text_of
from tests.tenders.story import published
from webapp.inbox import actions
from webapp.tenders import actions as tenders
from webapp.tenders.rules import Status


def test_a_digest_holds_what_is_open_when_it_leaves(cast, outbox, now):
    """RULES T6, T9: one of two was cancelled meanwhile; without any the mail is cancelled."""
    make_partner(make_organisation("Daily AG", owner=make_user("Dana Daily")), tender_mail="daily")
    stays, goes = published(title="The call that stays"), published(title="The call that goes")
    actions.send_digests(now=now)
    tenders.cancel(goes, by=None, now=now)
    (digest,) = of_kind(outbox.deliver(), "tender_digest")
    assert "The call that stays" in text_of(digest) and "The call that goes" not in text_of(digest)
    tomorrow = now + timedelta(days=1)
    last = published(title="The last call")
    actions.send_digests(now=tomorrow)
    tenders.cancel(last, by=None, now=tomorrow)
    assert of_kind(outbox.deliver(now=tomorrow), "tender_digest") == []
    assert stays.status(now) is Status.OPEN
