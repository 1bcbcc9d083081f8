"""Stand-in until branch data is merged."""
