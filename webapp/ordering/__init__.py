"""The way of an order: catalogue, lines, check, placed; for an organisation itself, or by a partner for its client."""
