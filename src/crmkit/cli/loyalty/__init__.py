"""``crmkit loyalty``: a purchase file through a loyalty program."""
