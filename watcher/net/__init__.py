"""What all connections share, whoever opens them."""
