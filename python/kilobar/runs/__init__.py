"""The life of a run: start it, watch it, merge what it measures, judge it."""
