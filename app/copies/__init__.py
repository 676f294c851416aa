"""Certified copies: a folder that proves itself without us, how it is made, read back, and checked by a file that stands alone."""

from store.errors import StoreError


class NotWhole(StoreError):
    """What a copy holds is not as it was recorded, so that it is neither certified nor read in."""
