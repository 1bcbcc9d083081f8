"""Kilobar: load testing that holds the load you asked for and tells the truth about it.

This module stays nearly empty: every worker process imports it, and a worker must start in milliseconds.
"""

__version__ = "0.1.0"
