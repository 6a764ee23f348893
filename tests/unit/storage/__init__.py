"""Tests of how the store goes about it."""
