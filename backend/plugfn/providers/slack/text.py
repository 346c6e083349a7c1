"""Escapes plain text, so that Slack does not read it as mentions, links or commands.

Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

LONGEST = 40_000
"""The most characters of a message's text: Slack cuts off the rest."""


def escape(text: str) -> str:
    """Escapes Slack's special characters: `<!channel>` or `<@U…>` is shown as text, without notifying anyone."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
