"""The steps to a right subscription in the reader's language. Aggregators describe them in English."""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

# What Pluggy's code says is wrong.
FAULTS = (
    gettext_noop("it is disabled"),
    gettext_noop("it is for one event only"),
    gettext_noop("its secret is not ours"),
)
Words = Callable[[re.Match[str]], str]

_STEPS: list[tuple[re.Pattern[str], Words]] = [
    (
        re.compile(r"create the subscription at (\S+)"),
        lambda found: _("create the subscription at %(url)s") % {"url": found[1]},
    ),
    (
        re.compile(r"delete a second subscription, (\S+)"),
        lambda found: _("delete a second subscription, %(id)s") % {"id": found[1]},
    ),
    (
        re.compile(r"repair the subscription (\S+): (.+)"),
        lambda found: (
            _("repair the subscription %(id)s: %(faults)s")
            % {"id": found[1], "faults": ", ".join(_(fault) for fault in found[2].split(", "))}
        ),
    ),
]


def in_words(does: str) -> str:
    """A step in the reader's language; as the aggregator says it, if it is not one that we know."""
    for pattern, words in _STEPS:
        if found := pattern.fullmatch(does):
            return words(found)
    return does
