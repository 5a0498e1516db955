"""People, their organisations, roles, sign-in and sessions."""
