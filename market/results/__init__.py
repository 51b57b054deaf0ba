"""Comparison of outcomes, their files, and the verification of these."""
