"""The coordinators' desk in a browser, and the same commands for programs."""
