"""Pure rules of identity: codes, passwords, grants, names, parameters."""
