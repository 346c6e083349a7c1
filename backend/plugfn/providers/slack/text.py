"""Slack's own markup: how plain text is kept from being read as mentions, links and commands.

Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

LONGEST = 40_000
"""Characters of a message's text; Slack cuts off what is beyond."""


def escape(text: str) -> str:
    """Plain text as a message's text: `<!channel>`, `<@U…>` and links in it stay what they are, and tell nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
