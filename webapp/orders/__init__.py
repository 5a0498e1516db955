"""Prices, orders and what is billed for them: who pays, who earns, and how each amount came about."""
