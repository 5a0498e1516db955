"""What a client has entrusted to a partner: access, rights per product, who pays, and how it ends."""
