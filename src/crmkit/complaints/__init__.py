"""Complaints: a lifecycle, deadlines in working time, escalation, causes and prevention."""
