"""Follow-ups summed up: who waits, what matched, and what was done for a customer."""
