"""Measurements side by side: nothing here is imported by the package or by its tests."""
