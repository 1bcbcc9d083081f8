"""The vocabulary: plan, summary, verdict. Standard library only."""
