"""How well a model does: on the customers it was fitted to, and on what they did afterwards."""

from crmkit.lifetime_value.comparison.frequency import FrequencyFit, FrequencyRow, frequency_fit

__all__ = ["FrequencyFit", "FrequencyRow", "frequency_fit"]
