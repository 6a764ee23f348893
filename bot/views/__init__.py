"""Values in, Block Kit out. Pure: nothing here reads, asks or sends.

Text that came from infrastructure or from people is data. It is escaped here and only here, and cut to its place before it is
escaped, so that every limit of Slack's holds by construction (https://docs.slack.dev/reference/block-kit/blocks).
"""
