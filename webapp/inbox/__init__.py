"""The partner's inbox: the calls for tenders that went to it, and its offers."""
