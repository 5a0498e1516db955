"""The demo story and its mailbox page; nothing here is reachable outside of demo mode."""
