"""A small synthetic world to try the product with: loaded by ``gongjue demo load``, started by ``gongjue run-demo``."""
