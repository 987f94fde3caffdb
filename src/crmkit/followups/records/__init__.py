"""What is to be done for a customer, and what became of it."""
