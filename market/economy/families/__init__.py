"""Families of utilities, costs and technologies."""
