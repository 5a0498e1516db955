"""Placeholder."""

def forget_old_sessions(*, now): pass
