"""The sender: what the credentials of all e-mail connections have in common."""

from pydantic import Field

from plugfn.definition import Model
from plugfn.errors import InvalidParams, Problem
from plugfn.mail.address import Address, Mailbox, folded
from plugfn.mail.line import Name
from plugfn.mail.send import SendEmail


class Sender(Model):
    """The address that messages are sent from. A message may choose one of the aliases instead."""

    from_email: Address = Field(repr=False)
    from_name: Name = Field(default="", repr=False)
    aliases: tuple[Address, ...] = Field(default=(), max_length=50, repr=False)

    def mailbox(self, params: SendEmail) -> Mailbox:
        """The sender of this message. Raises InvalidParams for an address that the connection does not have."""
        name = self.from_name if params.from_name is None else params.from_name
        if params.from_email is None:
            return Mailbox(email=self.from_email, name=name)
        if folded(params.from_email) not in {folded(own) for own in (self.from_email, *self.aliases)}:
            problem = Problem("from_email", "is neither the connection's address nor one of its aliases")
            raise InvalidParams("this connection may not send from this address", problems=[problem])
        return Mailbox(email=params.from_email, name=name)
