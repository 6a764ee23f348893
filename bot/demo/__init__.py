"""The demo: scenarios, and what plays them into a local workspace through the same way that real changes take."""
