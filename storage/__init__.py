"""SQLModel tables, and one module per port that reads and writes them."""
