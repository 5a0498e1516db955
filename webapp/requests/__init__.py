"""A partner asks a client for access; the client grants what it likes (RULES C7)."""
