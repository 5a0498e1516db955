"""A client's view of its partners: the list, adding one, changing its access, ending it."""
