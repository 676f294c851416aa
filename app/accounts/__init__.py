"""What is kept beside the ledger because it must be possible to forget it: passwords, sessions, secret addresses."""
