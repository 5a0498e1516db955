"""Further organisations, their settings, their team, and the invitations to colleagues."""
