"""The catalogue of plans, an organisation's products with their settings and usage, and their tags."""
