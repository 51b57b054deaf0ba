"""Economies, scenario texts and strategies that several tests use."""
