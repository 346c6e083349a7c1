"""The one error of this package: a message for a person, one line, nothing secret."""


class EmbeddedError(Exception):
    """A server could not be started, reached or stopped; the message says what to do."""
