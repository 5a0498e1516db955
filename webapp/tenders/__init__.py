"""Calls for tenders: writing one, whom it concerns, what its sender decides."""
