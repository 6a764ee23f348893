"""`make tour`: thirty real changes on real components, and what the bot's own pipeline says of each.

A change is a `Change` (change.py) of a `Lane` (lane.py): one provider with its component. Lanes go side by side.
"""
