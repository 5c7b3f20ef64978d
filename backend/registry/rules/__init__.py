"""Pure rules of the registry: reading a roll file, checking it, telling what it changes."""
