"""Commands of the shop for its own command line."""
