"""Payments: transfers that came in, and withdrawals from the prepaid account (RULES M6)."""
