"""Read "3/5" from a description, where the bank names the instalment only there. Linear in the text's length.

After "parc" or "parcela" a fraction is always an instalment: "Parc 03/05", "PARCELA 3 DE 5". Elsewhere it counts only
at the end of the text, after a name, and only if it cannot be a day: "LOJA 3/5" and "LOJA 10/24" count, "LOJA 03/05"
and "LOJA 10/12" do not, because banks write days with two digits for the day and two for the month.
"""

import re
from dataclasses import dataclass

from apps.banking.cards.words import letters, plain

MOST = 99

# Each pattern has a fixed beginning and bounded repetitions, so a hostile text costs no more than its length.
_SAID = re.compile(r"\bparc(?:ela(?:do|s)?)?\.?\s{0,3}[:\-]?\s{0,3}(\d{1,2})\s{0,2}(?:/|de|x)\s{0,2}(\d{1,2})(?![\d/])")
_LAST = re.compile(r"(?<![\d/.,:\-])[(\[]?(\d{1,2})(?:/|\s{1,2}de\s{1,2})(\d{1,2})[)\]]?\s{0,3}\Z")
# Words after which a fraction is a date, and a clock beside it.
_DATED = re.compile(r"\b(?:em|dia|data|venc|vencimento|ate|desde|ref|referente|de|as|mes|periodo)\b[.:]?\s{0,2}\Z")
_CLOCK = re.compile(r"\d{1,2}[:h]\d{2}")
LAST_MONTH = 12


@dataclass(frozen=True)
class Instalment:
    """The n-th of `total` instalments, and where the text says it."""

    number: int
    total: int
    start: int
    end: int


def read_instalment(text: str) -> Instalment | None:
    """The instalment that the text names; None if it names none, or if it may be a date."""
    if "/" not in text and " de " not in text.casefold() and "parc" not in text.casefold():
        return None
    words = plain(text)
    said = _SAID.search(words)
    return _instalment(said) if said else _at_the_end(words)


def _at_the_end(words: str) -> Instalment | None:
    match = _LAST.search(words)
    if match is None or not (found := _instalment(match)) or _may_be_a_day(match):
        return None
    before = words[max(0, match.start() - 24) : match.start()]
    return found if letters(before) and not _DATED.search(before) and not _CLOCK.search(before) else None


def _may_be_a_day(match: re.Match[str]) -> bool:
    return len(match[1]) == len(match[2]) == 2 and int(match[2]) <= LAST_MONTH


def _instalment(match: re.Match[str]) -> Instalment | None:
    number, total = int(match[1]), int(match[2])
    if not 1 <= number <= total or not 2 <= total <= MOST:
        return None
    return Instalment(number, total, match.start(), match.end())


def look(text: str) -> str:
    """The letters of a description without its instalment, so that all instalments of a purchase look the same."""
    found = read_instalment(text)
    words = plain(text)
    return letters(words[: found.start] + " " + words[found.end :] if found else words)
