"""What all e-mail providers share: the message, the sender, the result, and the events.

A caller runs `messages.send` with a SendEmail and gets a Sent, with every provider.
"""
