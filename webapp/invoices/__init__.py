"""Invoices and credit notes: what they say, on paper and for machines, and the pages that list them."""
