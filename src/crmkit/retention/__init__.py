"""Retention: who is about to leave, who was lost and why, and whom to win back."""

__all__: list[str] = []
