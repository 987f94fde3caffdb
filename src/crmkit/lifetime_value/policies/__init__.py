"""What a customer is worth: one file a policy, facts in and a decision out."""
