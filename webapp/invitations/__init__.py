"""How a partnership begins: a client invites a partner, or a partner asks a client."""
