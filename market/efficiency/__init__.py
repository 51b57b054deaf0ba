"""How far an outcome is from Pareto efficiency."""
