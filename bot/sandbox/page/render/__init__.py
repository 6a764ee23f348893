"""Slack's text and blocks as HTML. Everything from outside is escaped here."""
