"""What happened to the points of a member, and what counts for a tier."""
