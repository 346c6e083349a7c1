"""The only error of this package. Its message is one line for a person and holds no secret."""


class EmbeddedError(Exception):
    """A server could not be started, reached or stopped. The message says what to do."""
