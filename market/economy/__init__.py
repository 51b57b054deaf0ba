"""The primitives of an economy, and what agents do at prices."""
