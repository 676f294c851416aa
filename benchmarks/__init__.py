"""Measurements of the claims in the documentation, run by `make bench`."""
