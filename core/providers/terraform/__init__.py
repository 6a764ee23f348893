"""Terraform and OpenTofu: what a state says now against what it said before, and which run or lock stands behind it."""
