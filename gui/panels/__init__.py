"""The four panels of the window."""
