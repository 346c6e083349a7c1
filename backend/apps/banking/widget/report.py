"""Reads what a browser reports about the widget: a small JSON object of which every word is known."""

from dataclasses import dataclass

from apps.banking.aggregators.registry import aggregator
from apps.banking.models import WidgetFigure
from lib.json_body import NotJSON, parse

MOST_BYTES = 300
MOST_MS = 120_000
Kind = WidgetFigure.Kind

# A code that the table does not have is reported as OTHER.
OTHER = "OTHER"
_CODES: dict[str, set[str]] = {
    Kind.SDK_LOADED: {""},
    Kind.SDK_FAILED: {"NETWORK", "TIMEOUT", "NO_GLOBAL"},
    Kind.OPENED: {""},
    Kind.CLOSED: {""},
    Kind.SUCCEEDED: {""},
}
_FIELDS = {"kind", "code", "ms"}


class Refused(ValueError):
    """The report is not one that Ponte's own page sends. The message shows nothing of it."""


@dataclass(frozen=True)
class Report:
    """One report. `milliseconds` is 0 where time means nothing."""

    kind: str
    code: str
    milliseconds: int


def codes_of(kind: str) -> set[str]:
    """The codes that a report of this kind may have; none for a kind that the page does not report."""
    if kind == Kind.FAILED:
        return {row.code for row in aggregator("pluggy").codes} | {OTHER, "INIT"}
    return _CODES.get(kind, set())


def read_report(raw: bytes) -> Report:
    """The report in a request's body. Raises Refused."""
    if len(raw) > MOST_BYTES:
        raise Refused("too long")
    try:
        document = parse(raw)
    except NotJSON as error:
        raise Refused("not JSON") from error
    if not isinstance(document, dict) or not _FIELDS.issuperset(document):
        raise Refused("unknown fields")
    kind, code, milliseconds = document.get("kind"), document.get("code", ""), document.get("ms", 0)
    if not isinstance(kind, str) or not isinstance(code, str) or code not in codes_of(kind):
        raise Refused("unknown kind or code")
    if type(milliseconds) is not int or not 0 <= milliseconds <= MOST_MS:
        raise Refused("impossible time")
    return Report(kind, code, milliseconds)
