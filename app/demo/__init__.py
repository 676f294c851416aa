"""The demonstration: one synthetic participant's two years, lived on the real ledger and a real server that skips time."""
