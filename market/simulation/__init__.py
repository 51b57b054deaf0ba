"""A mechanism as a Mesa model."""
