"""What people are reminded of, by what it is about."""
