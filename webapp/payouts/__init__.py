"""Payouts: what affiliates earned leaves, once a month, for where each of them wants it (RULES F8)."""
