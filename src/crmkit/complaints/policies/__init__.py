"""The policies of complaints: one file each, facts in, a decision out."""
