"""Records explained: trees, the ticket text, JSON lines, capture files."""
