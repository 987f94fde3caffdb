"""The models of lifetime value: fitted to counted facts, then asked about customers."""
