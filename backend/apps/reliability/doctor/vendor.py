"""The doctor looks at the aggregator: credentials, the plan's limits, webhooks or polling, the way back from a bank."""

import uuid
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.banking.aggregators.contract import Application, CredentialsRefused, NotOffered, Sample
from apps.banking.aggregators.registry import AGGREGATORS, aggregator
from apps.banking.aggregators.verdict import Action
from apps.banking.management.sending import ANSWER_SECONDS, Sender
from apps.banking.models import Connection, Connector, SyncRun
from apps.events.models import Event
from apps.reliability.doctor.finding import Finding, bad, good, waiting, warning
from lib.errors import PonteError

# Of a kind that nothing handles: the event finishes at once, and costs no call.
HARMLESS = "payment_intent/created"
LOOK_BACK = timedelta(days=30)


def applications() -> list[tuple[str, Application]]:
    """The installation's own application at each aggregator."""
    return [(name, own) for name in AGGREGATORS for own in aggregator(name).applications() if not own.name]


def look_at_credentials() -> Finding:
    """Whether each aggregator accepts our credentials now."""
    for name, application in applications():
        label = aggregator(name).label
        try:
            application.authenticate()
        except ImproperlyConfigured as error:
            return bad(str(error), _("Copy both from the aggregator's dashboard into the settings, and restart."))
        except CredentialsRefused:
            return bad(
                _("%(vendor)s refuses the credentials.") % {"vendor": label},
                _("Compare PLUGGY_CLIENT_ID and PLUGGY_CLIENT_SECRET with the dashboard; a new secret ends the old."),
            )
        except PonteError as error:
            return warning(
                _("%(vendor)s cannot be asked now (%(code)s).") % {"vendor": label, "code": error.code},
                _("Try again in a minute. Check that this machine reaches the internet."),
            )
    return good(_("The credentials are accepted."))


def look_at_plan() -> Finding:
    """The limits of the plan that an answer has shown lately."""
    since = timezone.now() - LOOK_BACK
    codes = _codes_of_plans()
    seen = SyncRun.objects.filter(started_at__gte=since, error_code__in=codes).order_by("-started_at").first()
    if seen:
        return warning(
            _("A limit of the plan was met: %(code)s.") % {"code": seen.error_code},
            _("See docs/pluggy.md for the code, and ask the aggregator for another plan if it matters to you."),
        )
    live = Connector.objects.filter(deleted_at=None)
    if live.exists() and not live.exclude(is_sandbox=True).exists():
        return warning(
            _("Only banks of the sandbox are offered."),
            _("Ask the aggregator to enable real banks for your application (a trial, MeuPluggy or a plan)."),
        )
    return good(_("No limit of the plan has been met in 30 days."))


def _codes_of_plans() -> list[str]:
    return [row.code for name in AGGREGATORS for row in aggregator(name).codes if row.action == Action.CHANGE_PLAN]


def look_at_subscription() -> Finding:
    """Whether the vendor sends its webhooks to us, with our secret; or that Ponte asks by itself."""
    if not settings.PUBLIC_URL:
        minutes = settings.POLL_MINUTES
        return good(
            _("There is no public address, so Ponte asks for changes every %(minutes)s minutes.") % {"minutes": minutes}
        )
    todo = _("Run: python backend/manage.py register_webhooks")
    for name, application in applications():
        url = settings.PUBLIC_URL + reverse("webhook", args=[name])
        try:
            subscription = application.subscription()
            subscription.check(url, allow_http=settings.DEBUG)
            steps = subscription.steps_to_register(url)
        except NotOffered:
            continue
        except ImproperlyConfigured as error:
            return bad(str(error), _("Correct the setting, and restart."))
        except PonteError as error:
            return warning(_("The subscription cannot be read now (%(code)s).") % {"code": error.code}, _("Try again."))
        if steps:
            return bad(
                _("The subscription is not right: %(steps)s.") % {"steps": "; ".join(s.does for s in steps)}, todo
            )
    return good(_("The aggregator sends every event to this address, with our secret."))


def look_at_round_trip() -> Finding:
    """Whether an event that is posted to our public address arrives in our mailbox."""
    if not settings.PUBLIC_URL:
        return good(_("No webhook is expected."))
    for name, application in applications():
        try:
            deliveries = application.deliveries()
            sample = Sample(HARMLESS, str(uuid.uuid4()), str(uuid.uuid4()))
            sender = Sender(
                settings.PUBLIC_URL + reverse("webhook", args=[name]), partial(deliveries.headers, secret=True)
            )
            answer = sender.send((sample.event_id, deliveries.body(sample)))
        except (NotOffered, ImproperlyConfigured):
            continue
        if answer.status == 0:
            return bad(
                _("Nothing answers at PUBLIC_URL within %(seconds)s seconds.") % {"seconds": int(ANSWER_SECONDS)},
                _("Check the proxy, the certificate, and that the web process listens."),
            )
        if not answer.stored:
            return bad(
                _("PUBLIC_URL answered a test event with %(status)s %(outcome)s.")
                % {"status": answer.status, "outcome": answer.outcome},
                _("README.md, Troubleshooting, says what each answer means."),
            )
        if not Event.objects.filter(event_id=sample.event_id).exists():
            return bad(
                _("A test event was accepted, but is not in this database."),
                _("PUBLIC_URL leads to another installation. Correct it."),
            )
        if answer.seconds > 1:
            return warning(
                _("A test event was accepted after %(ms)d ms.") % {"ms": answer.seconds * 1000},
                _("Pluggy gives up after five seconds. See docs/scaling.md."),
            )
    return good(_("A test event came back through PUBLIC_URL."))


def look_at_redirect() -> Finding:
    """Whether a person can come back to Ponte from a bank's own page."""
    if urlsplit(settings.PUBLIC_URL).scheme == "https":
        return good(_("Banks with a page of their own lead back to PUBLIC_URL."))
    return waiting(
        _("PUBLIC_URL is not https, so banks with a page of their own do not lead back here by themselves."),
        _("The widget still connects them: return to its window after the bank's page. For more, use https."),
    )


def look_at_connections() -> Finding:
    """Whether a bank is connected, and when data last came."""
    present = Connection.objects.filter(deleted_at=None)
    latest = present.exclude(last_synced_at=None).order_by("-last_synced_at").first()
    if latest:
        return good(_("The last bank was synced %(at)s.") % {"at": _when(latest)})
    if present.exists():
        return waiting(
            _("A bank is connected, and its first data has not come yet."), _("Look at its page: it says why.")
        )
    return waiting(_("No bank is connected yet."), _("Sign in, and connect one."))


def _when(connection: Connection) -> str:
    return timezone.localtime(connection.last_synced_at).strftime("%Y-%m-%d %H:%M")
