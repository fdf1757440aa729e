"""Plain-text peers, contexts and messages a person can read, diff and keep in git."""
