"""The second face: the same engine without a window."""
