"""Measurements: `make bench`. Timings live here and never in a test; docs/performance.md holds our figures."""
