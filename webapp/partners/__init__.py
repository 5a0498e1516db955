"""A client's view of its partners: the list, changing its access, ending it."""
