"""How fast the product is beside a bare Flask and a hand-written page, on this machine, in one run: `make bench`."""
