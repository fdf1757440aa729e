"""The service user's procedures, pure: each a generator of effects (`effects.py`), found by `catalog.py`."""
