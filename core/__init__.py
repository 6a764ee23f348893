"""What WGO knows: values, ports and the analysis over them. No Slack, no SQL."""
