"""How fast the product is beside a bare Flask and a hand-written page, in one run: `make bench`."""
