"""What policies on complaints look at: the history of one case, and the counts of many."""
