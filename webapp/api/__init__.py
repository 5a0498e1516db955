"""Orders and events from outside, signed as Standard Webhooks."""
