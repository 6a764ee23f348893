"""What a request to a Kubernetes API server does and what an object asks for, whoever tells of it: an audit record, a watch, a cloud's log.

Pure. Providers read their own records and ask here; the rules are in rules/*.yaml, each row with its reason and its source.
"""
