"""Becoming a partner, a partner's listing, and the public directory."""
