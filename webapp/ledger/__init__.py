"""The ledger: every amount that ever moved, in double entry, and each organisation's prepaid account."""
