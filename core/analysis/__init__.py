"""The analysis steps, pure over values: attribute, correlate, classify, context, comfort."""
