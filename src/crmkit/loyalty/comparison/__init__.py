"""One program held against another."""
