"""Reports in a terminal: values in, rich text out. Nothing here reads the store."""
