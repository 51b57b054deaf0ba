"""The auctioneer: prices announced, answered and adjusted."""
