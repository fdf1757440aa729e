"""The DIMSE engine: PS3.7 messages over the PS3.8 upper layer, without a window."""

__version__ = "0.1.0"
