"""Form fields with their errors beside them."""
