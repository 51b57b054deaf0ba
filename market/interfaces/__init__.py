"""Command line, text and dashboard."""
