"""crmkit: the embeddable CRM domain library."""
