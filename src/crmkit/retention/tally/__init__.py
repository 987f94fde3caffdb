"""What the records of retention add up to."""
