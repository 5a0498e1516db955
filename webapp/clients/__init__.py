"""The reseller space: a partner's view of its clients, who looks after whom, and acting for a client."""
