"""Calls for tenders and the offers that partners make."""
