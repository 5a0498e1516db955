"""The affiliate programme."""
