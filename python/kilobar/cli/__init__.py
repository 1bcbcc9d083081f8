"""Words in, words out: one file per command, and the only code that prints."""
