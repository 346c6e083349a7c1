"""The e-mail vocabulary that every e-mail provider speaks: what is sent, from whom, and what comes of it.

A caller writes `messages.send` with a SendEmail and gets a Sent, whichever provider the user has connected.
"""
