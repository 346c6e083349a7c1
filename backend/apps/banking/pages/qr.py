"""A QR code as SVG, drawn here so that no other server sees its content."""

import qrcode
from django.utils.safestring import SafeString, mark_safe
from qrcode.exceptions import DataOverflowError
from qrcode.image.svg import SvgPathImage

LONGEST = 1500


def qr_drawing(content: str) -> SafeString | None:
    """The drawing, or None if the content does not fit into a code."""
    if not 0 < len(content) <= LONGEST:
        return None
    try:
        picture = qrcode.make(content, image_factory=SvgPathImage, border=2)
    except (DataOverflowError, ValueError):
        return None
    # Only numbers and fixed words are in it: the content itself is drawn, not written.
    drawn: SafeString = mark_safe(picture.to_string(encoding="unicode"))  # noqa: S308
    return drawn
