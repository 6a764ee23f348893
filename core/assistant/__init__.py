"""Answers to questions: from the store alone, or written by a model and checked against it."""
