"""The few notices that a lower feature sends upward, inside its transaction; `create_app` says who listens.

A listener is called as `listener(sender, **values)` and what it raises undoes the whole transaction.
"""

from __future__ import annotations

from blinker import Namespace

_notices = Namespace()

# The sender is the new Organisation; values: `person` (its User), `visit` (webapp.visits.Visit or None), `now`.
signed_up = _notices.signal("signed_up")

# The sender is an Order that was placed, or whose payments or credits changed; values: `now`.
order_settled = _notices.signal("order_settled")

# New rates of exchange are there; values: `now`.
rates_imported = _notices.signal("rates_imported")

# The sender is a PartnerAccount that would leave the programme; values: `now`. A listener answers how much of what
# it looks after keeps the partner from it.
partner_leaving = _notices.signal("partner_leaving")
