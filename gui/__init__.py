"""The window: it sees the engine through commands and notices only."""
