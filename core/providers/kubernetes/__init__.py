"""Kubernetes: what changed in a cluster, who did it and how well it runs since. `normalize` parts (audit, objects, events) do no I/O."""
