"""What was recorded by releases of the past, and must load for ever."""
