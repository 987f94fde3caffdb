"""A member of the loyalty program complains: how far to go, and doing it."""
