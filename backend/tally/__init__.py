"""Pure counting: rolls, votes, rules as data, and outcomes that explain themselves. Imports nothing of ours."""
