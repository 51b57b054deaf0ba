"""A price step for economies in which demand or supply jumps."""
