"""Days that repeat, and times of day on a wall clock: the same answer on every machine."""
