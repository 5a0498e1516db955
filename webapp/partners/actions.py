"""Changes by a client of its partners that are more than one step of the core."""

from __future__ import annotations

from datetime import datetime

from webapp import drafts
from webapp.accounts.models import User
from webapp.drafts import Draft
from webapp.partnerships import actions as partnerships
from webapp.partnerships.models import Partnership
from webapp.partnerships.rules import Picked, Terms
from webapp.unit import unit_of_work


@unit_of_work
def save_access(
    partnership: Partnership,
    draft: Draft,
    terms: Terms,
    picked: Picked,
    *,
    version: int,
    by: User,
    now: datetime,
) -> None:
    """What the draft wants becomes so, once, however often it is sent (RULES C9).

    Raises what `change_access` raises; the draft stays as it is then.
    """
    if drafts.finish(draft, now=now):
        partnerships.change_access(partnership, terms, picked, version=version, by=by, now=now)
