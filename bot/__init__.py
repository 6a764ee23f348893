"""What a person meets: Slack, the command line, the local workspace."""
