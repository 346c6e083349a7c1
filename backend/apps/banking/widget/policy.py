"""What a page's Content-Security-Policy must allow for the widget, and nothing more."""

from urllib.parse import urlsplit

from django.conf import settings

from apps.banking.widget.options import FRAME, frame_origin, sdk_url

IMAGES = "https://cdn.pluggy.ai"


def widget_policy() -> dict[str, list[str]]:
    """Directive -> sources, to add to the policy of a page that opens the widget. No other page needs them.

    Pluggy's loader (2.9.2, zoid 9.0.63) writes one <style> without a nonce, whose text is new each time. A nonce in
    style-src would make browsers ignore 'unsafe-inline', so this page has style-src-elem instead. Style attributes
    and eval are not needed. Only the script's own address is allowed, not the whole CDN.
    """
    return {
        "script-src": [sdk_url()],
        "frame-src": [frame_origin()],
        "connect-src": [_origin(settings.PLUGGY_API_URL)] if frame_origin() == FRAME else [],
        "img-src": [IMAGES] if frame_origin() == FRAME else [],
        "style-src-elem": ["'self'", "'unsafe-inline'"],
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
