"""What complaints are decided by: pure functions and tables."""
