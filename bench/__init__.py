"""Measures the portal against bare loops and prints ratios: `make bench`."""
