"""Tests of the reports, over the runs in `summaries`."""
