"""Renewals: what is due, who is reminded when, and what renews by itself (RULES M8)."""
