"""Games on an economy, played without prices by best replies."""
