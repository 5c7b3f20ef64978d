"""A stand-in for WeChat's servers: its own process, its own state, nothing of the product imported."""
