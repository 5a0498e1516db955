"""Home, an organisation's overview, legal texts, the theme, health, robots and sitemap."""
