"""The mails of invitations to a partnership (UX mails 4–12)."""
