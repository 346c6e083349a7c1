"""The names of mailboxes: `pluggy:item:ID`, and `pluggy@APPLICATION:item:ID` for an application with a name."""

from typing import NamedTuple

from apps.banking.aggregators.contract import Notification, Subject


class MailboxName(NamedTuple):
    """The parts of a mailbox's name."""

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
    """The mailbox for a notification, which holds all events about the same thing in order."""
    return str(MailboxName(aggregator, application, notification.subject, notification.id))


def read_mailbox_name(key: str) -> MailboxName:
    """Split the name of a mailbox. Raises ValueError if it is not an aggregator's."""
    vendor, subject, vendor_id = key.split(":", 2)
    aggregator, _, application = vendor.partition("@")
    return MailboxName(aggregator, application, Subject(subject), vendor_id)
