"""The names of mailboxes: `pluggy:item:ID`, and `pluggy@APPLICATION:item:ID` for an application with a name."""

from typing import NamedTuple

from apps.banking.aggregators.contract import Notification, Subject


class Mailbox(NamedTuple):
    """A mailbox's name, taken apart."""

    aggregator: str
    application: str
    subject: Subject
    id: str

    def __str__(self) -> str:
        return f"{vendor_of(self.aggregator, self.application)}:{self.subject}:{self.id}"


def vendor_of(aggregator: str, application: str) -> str:
    """The first part of a mailbox's name, and the source of the events in it."""
    return f"{aggregator}@{application}" if application else aggregator


def mailbox_of(aggregator: str, application: str, notification: Notification) -> str:
    """Where a notification waits its turn, behind everything else about the same thing."""
    return str(Mailbox(aggregator, application, notification.subject, notification.id))


def read_mailbox(key: str) -> Mailbox:
    """The mailbox of that name. Raises ValueError for one that is not an aggregator's."""
    vendor, subject, vendor_id = key.split(":", 2)
    aggregator, _, application = vendor.partition("@")
    return Mailbox(aggregator, application, Subject(subject), vendor_id)
