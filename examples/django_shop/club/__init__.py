"""A shop with a loyalty club: Django owns the tables, crmkit decides what goes into them."""
