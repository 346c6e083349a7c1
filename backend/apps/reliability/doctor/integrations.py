"""The doctor looks at clients' integrations: whether what comes in can arrive, and whether they work."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.integrations.catalogue import ENTRIES
from apps.integrations.models import Integration
from apps.reliability.doctor.finding import Finding, good, waiting, warning

# So many are counted.
COUNTED = 1_000


def look_at_integrations() -> Finding:
    """Whether any does not work, and whether services can post to us."""
    rows = Integration.objects.order_by()
    if not rows.exists():
        return waiting(_("No client has connected another service yet."))
    posting = [entry.provider for entry in ENTRIES if entry.definition.webhooks is not None]
    if not settings.PUBLIC_URL and rows.filter(provider__in=posting).exists():
        return warning(
            _("Messages and events of integrations cannot arrive: PUBLIC_URL is empty."),
            _("Set PUBLIC_URL, and make the webhook addresses of the integrations again."),
        )
    broken = rows.exclude(status=Integration.Status.CONNECTED)[:COUNTED].count()
    if broken:
        return warning(
            ngettext("%(n)d integration does not work.", "%(n)d integrations do not work.", broken) % {"n": broken},
            _("Look at them in the admin: Integrations. Most need their client to connect again."),
        )
    return good(_("All integrations worked when they were last used."))
