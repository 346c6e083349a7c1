"""What to tell a person about a connection: what happened, what happens next and when, and who must act.

Pages, the API and the admin take their sentences from here. `{bank}` is the bank's name.
"""

from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.banking.aggregators.verdict import Action

Words = str | Promise


class Who(StrEnum):
    """Who must act."""

    NOBODY = ""
    PERSON = "person"
    STAFF = "staff"


@dataclass(frozen=True)
class Advice:
    """`happened` and `next` are whole sentences; `button` names what the person can do here, if anything.

    `repairs`: the widget in update mode is the way to do it.
    """

    happened: Words
    next: Words
    who: Who = Who.NOBODY
    button: Words = ""
    repairs: bool = False


_AGAIN = _("Connect again")
_LATER = _("Ponte tries again by itself. You need not do anything.")

ADVICE: dict[Action, Advice] = {
    Action.NONE: Advice(_("Everything is in order."), _("The bank sends new data about once a day.")),
    Action.WAIT: Advice(_("The bank cannot be read at the moment."), _LATER),
    Action.RECONNECT: Advice(
        _("The bank no longer accepts this connection."),
        _("Connect again with your user name and password. Until then no new data arrives."),
        Who.PERSON,
        _AGAIN,
        repairs=True,
    ),
    Action.ANSWER_MFA: Advice(
        _("The bank waits for a code."),
        _("Enter the code that the bank has sent you. It is valid for a few minutes."),
        Who.PERSON,
        _("Enter the code"),
    ),
    Action.NEW_MFA_CODE: Advice(
        _("The bank did not accept the code."),
        _("Connect again with a new code. A code works only once."),
        Who.PERSON,
        _AGAIN,
        repairs=True,
    ),
    Action.START_AGAIN: Advice(
        _("The time to enter the code or give permission has passed."),
        _("Connect again, and have the bank's app at hand."),
        Who.PERSON,
        _AGAIN,
        repairs=True,
    ),
    Action.AUTHORIZE_AT_BANK: Advice(
        _("The bank waits for your permission."),
        _("Give it in the bank's app or on the bank's page. Ponte goes on as soon as the bank says so."),
        Who.PERSON,
        _("Give your permission"),
    ),
    Action.AWAIT_APPROVAL: Advice(
        _("Another account holder or another device must approve."),
        _("Ask for the approval in the bank's app. Ponte goes on by itself afterwards."),
        Who.PERSON,
    ),
    Action.LOG_OUT_ELSEWHERE: Advice(
        _("You are logged in at the bank in another place."),
        _("Log out there. Ponte tries again by itself."),
        Who.PERSON,
    ),
    Action.UNLOCK_AT_BANK: Advice(
        _("The bank has locked your access."),
        _("Unlock it at the bank, then connect again here. Ponte does not try before, so that it stays unlocked."),
        Who.PERSON,
        _AGAIN,
        repairs=True,
    ),
    Action.RESET_PASSWORD: Advice(
        _("The bank asks for a new password."),
        _("Set a new password at the bank, then connect again here with it."),
        Who.PERSON,
        _AGAIN,
        repairs=True,
    ),
    Action.FOLLOW_BANK_MESSAGE: Advice(
        _("The bank wants you to do something in its app or page first."),
        _("Open the bank's app, follow its message, then connect again here."),
        Who.PERSON,
        _AGAIN,
        repairs=True,
    ),
    Action.CORRECT_FIELDS: Advice(
        _("What you entered does not have the form that the bank expects."),
        _("Correct it and try again."),
        Who.PERSON,
        _AGAIN,
        repairs=True,
    ),
    Action.USE_EXISTING: Advice(
        _("You have already connected this bank."),
        _("Repair the connection that you have, instead of making a second one."),
        Who.PERSON,
        _("Open the connection"),
        repairs=True,
    ),
    Action.CONNECT_SEPARATELY: Advice(
        _("This login belongs to another person than the connection."),
        _("Make a connection of its own for it."),
        Who.PERSON,
        _("Connect a bank"),
    ),
    Action.ADD_CREDENTIALS: Advice(
        _("The Pluggy credentials of this connection do not work any more."),
        _("Enter new credentials, or connect the bank again with others. The data so far stays."),
        Who.PERSON,
        _("Enter new credentials"),
    ),
    Action.GIVE_UP: Advice(
        _("This kind of account cannot be read."),
        _("Nothing can be done here. You can disconnect it."),
        Who.PERSON,
    ),
    Action.FIX_CONFIGURATION: Advice(
        _("Ponte is not set up correctly."),
        _("The people who run this server must act. Your data is safe."),
        Who.STAFF,
    ),
    Action.CHANGE_PLAN: Advice(
        _("The plan of this server does not include that."),
        _("The people who run this server must act."),
        Who.STAFF,
    ),
    Action.USE_WIDGET: Advice(
        _("This bank can be connected only in Pluggy's window."),
        _("Connect it on the page for connecting."),
        Who.PERSON,
        _("Connect a bank"),
    ),
    Action.CONTACT_SUPPORT: Advice(
        _("The service that reads the bank has a problem with this connection."),
        _("The people who run this server must ask its support. Your data so far stays."),
        Who.STAFF,
    ),
    Action.FIX_CODE: Advice(
        _("Ponte did something that the service that reads the bank does not understand."),
        _("The people who run this server must act."),
        Who.STAFF,
    ),
}


# Of a connection whose own action says nothing of this.
STALE = Advice(
    _("No new data has come from the bank for more than a day and a half."),
    _("Ponte goes on trying. With “Sync now” you ask the bank at once."),
)
PAUSED = Advice(
    _("The people who run this server have paused this bank."),
    _("No new data arrives until they go on. Your data so far stays."),
    Who.STAFF,
)


def advice_for(action: str) -> Advice:
    """The sentences for the `action` of a connection or an error; for one that is not in the table, ask support."""
    return ADVICE[Action(action) if action in _ACTIONS else Action.CONTACT_SUPPORT]


_ACTIONS = frozenset(str(action) for action in Action)
