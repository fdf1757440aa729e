"""Bytes to values and back, each with its span; the one door to pydicom's codec."""
