"""What policies of the retention room are asked about."""
