"""What PS3.7, PS3.8 and PS3.4 say, as rows. Imports the standard library only, but for `dictionary`, the one reader of
pydicom's registries (UIDs and data elements)."""
