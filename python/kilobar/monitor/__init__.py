"""What a machine does beside the load: its limits now, its counters over time later."""
