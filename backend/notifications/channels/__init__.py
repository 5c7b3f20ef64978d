"""Ways to a reader, one folder each; ``binding`` alone knows the real gateways."""
