"""What became of customers who were lost, and what was done to win them back."""
