"""The planner's problem and its first-order conditions."""
