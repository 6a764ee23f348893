"""Google Cloud: Cloud Asset Inventory for what moved, Cloud Audit Logs for who and why."""
