"""Placeholder."""

def finish_cancels(*, now): pass

def tell_of_openings(*, now): pass

def remind_of_closing(*, now): pass

def expire(*, now): pass

def send_digests(*, now): pass

def erase_old(*, now): pass
