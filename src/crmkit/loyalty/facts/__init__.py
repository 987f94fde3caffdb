"""What policies of the loyalty room are asked about."""
