"""Servers that the examples of Python users press: real ones, on loopback, each with a count of its own."""
