"""The doctor looks at the Connect widget: whether its script is where a browser will look for it."""

import requests
from django.conf import settings
from django.utils.translation import gettext as _

from apps.banking.management.sending import is_loopback
from apps.banking.widget.options import sdk_url
from apps.reliability.doctor.finding import Finding, bad, good, warning
from lib.transport import new_session

SECONDS = 5.0
OK = 200


def look_at_widget() -> Finding:
    """Whether the configured address answers with a script. Only the head of the answer is read."""
    if not settings.CONNECT_PAGE:
        return good(_("The page that connects banks is switched off."))
    url = sdk_url()
    try:
        with new_session(SECONDS, loopback=is_loopback(url)) as session:
            answer = session.get(url, stream=True, timeout=SECONDS)
            status, kind = answer.status_code, answer.headers.get("Content-Type", "")
            answer.close()
    except (requests.RequestException, TimeoutError) as error:
        # People's browsers load it, and may reach what this machine does not.
        return warning(
            _("This machine cannot load the widget's script (%(error)s).") % {"error": type(error).__name__},
            _("If people cannot connect either, look at PLUGGY_CONNECT_SDK_URL."),
        )
    if status != OK or "javascript" not in kind:
        return bad(
            _("The widget's script is not at its address: the answer was %(status)s.") % {"status": status},
            _("Set PLUGGY_CONNECT_SDK_VERSION to a version that Pluggy's CDN has, and restart."),
        )
    return good(_("The widget's script is where browsers look for it."))
