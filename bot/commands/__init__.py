"""The `wgo` commands, one module per group."""
