"""Earnings: what affiliates see of their commissions and payouts, in all that an order brought (RULES F5–F8)."""
