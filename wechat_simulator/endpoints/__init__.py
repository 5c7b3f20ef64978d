"""WeChat's paths, one module per path family, and our control API."""
