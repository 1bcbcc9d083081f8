"""Worker processes: how many, how they are started, spoken to and ended."""
