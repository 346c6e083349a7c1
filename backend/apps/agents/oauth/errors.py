"""The errors of OAuth: a code of the standard, and a sentence for the developer of the application."""


class OAuthError(Exception):
    """`code` is one of RFC 6749, RFC 7591 or RFC 8707. The sentence holds nothing that was sent."""

    def __init__(self, code: str, description: str, status: int = 400, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code, self.description, self.status, self.retry_after = code, description, status, retry_after

    @property
    def content(self) -> dict[str, str]:
        """For JSON, and for the query of a redirect."""
        return {"error": self.code, "error_description": self.description}


class NoRedirect(OAuthError):
    """The person must read it here: the application or its address is not known, so nobody is sent there."""
