"""A made-up organisation whose every change has a known cause: seeded, in the providers' own raw formats, with ground truth.

It shares no table, name or list with core's rules, and holds causes that no rule names. No I/O here.
"""
