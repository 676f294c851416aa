"""What no schema sees in a protocol file: names that lead nowhere, gates that protect nobody, windows that cannot be."""
