"""Numbers, money and times in the reader's words."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.utils import formats, timezone
from django.utils.translation import get_language, gettext, ngettext

# Where the reader's language has a sign of its own. Elsewhere the code says it.
SYMBOLS = {"BRL": "R$", "EUR": "€", "GBP": "£", "JPY": "¥"}
MINUS = "\N{MINUS SIGN}"
NO_BREAK = "\N{NO-BREAK SPACE}"
_DECIMALS = {"JPY": 0, "CLP": 0, "PYG": 0, "KWD": 3, "BHD": 3}


def money(amount: Decimal | None, currency: str = "BRL", *, signed: bool = False) -> str:
    """An amount with its currency: −R$ 1.234,56. `signed` writes a plus as well. Empty if there is no amount."""
    if amount is None:
        return ""
    number = _number(abs(amount), decimals_of(amount, currency))
    sign = MINUS if amount < 0 else ("+" if signed and amount > 0 else "")
    symbol = symbol_of(currency)
    # English writes a sign close to its number, Portuguese apart. A code stands apart in both.
    gap = "" if (get_language() or "").startswith("en") and len(symbol) <= 2 else NO_BREAK
    return f"{sign}{symbol}{gap}{number}" if symbol else f"{sign}{number}"


def symbol_of(currency: str) -> str:
    """R$, US$, or the code itself; nothing for ISO 4217's "no currency"."""
    if currency == "USD":
        return "US$"
    return "" if currency in ("XXX", "") else SYMBOLS.get(currency, currency)


def decimals_of(amount: Decimal, currency: str) -> int:
    """As many decimals as the currency has; more only where the amount needs them, as fractions of a cent do."""
    usual = _DECIMALS.get(currency, 2)
    exponent = amount.normalize().as_tuple().exponent
    return max(usual, -exponent) if isinstance(exponent, int) else usual


def quantity(number: Decimal | None) -> str:
    """A number without the zeros that its column has after it: 1.234,5."""
    if number is None:
        return ""
    exponent = number.normalize().as_tuple().exponent
    decimals = max(0, -exponent) if isinstance(exponent, int) else 0
    text = _number(abs(number), decimals)
    return MINUS + text if number < 0 else text


def _number(number: Decimal, decimals: int) -> str:
    return formats.number_format(number, decimal_pos=decimals, use_l10n=True, force_grouping=True)


def percent(number: Decimal | float | None, decimals: int = 1) -> str:
    """98,5 %. The number is per hundred."""
    if number is None:
        return ""
    return f"{formats.number_format(number, decimal_pos=decimals, use_l10n=True)}{NO_BREAK}%"


def day(moment: date | datetime | None, *, today: date | None = None) -> str:
    """A day as people say it: today, yesterday, tomorrow, 3 de maio; with the year if it is not this one."""
    if moment is None:
        return ""
    value = timezone.localtime(moment).date() if isinstance(moment, datetime) else moment
    now = today or timezone.localdate()
    words = {0: gettext("today"), -1: gettext("yesterday"), 1: gettext("tomorrow")}
    if (distance := (value - now).days) in words:
        return words[distance]
    return _dated(value, "MONTH_DAY_FORMAT" if value.year == now.year else "DATE_FORMAT")


def month(value: date) -> str:
    """A month with its year: novembro de 2026, November 2026."""
    return _dated(value, "YEAR_MONTH_FORMAT")


def _dated(value: date, form: str) -> str:
    text = formats.date_format(value, form)
    # Portuguese writes the names of months small.
    return text.lower() if (get_language() or "").startswith("pt") else text


def clock(moment: datetime | None) -> str:
    """A time of day in the reader's zone: 06:12."""
    return "" if moment is None else formats.time_format(timezone.localtime(moment), "H:i")


def moment(value: datetime | None, *, today: date | None = None) -> str:
    """A day and its time: today 06:12."""
    return "" if value is None else f"{day(value, today=today)} {clock(value)}"


def exact(value: datetime | None) -> str:
    """A moment to the second, for staff and for title texts: 2026-11-22 06:12:09 -03."""
    return "" if value is None else timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S %Z")


def ago(value: datetime | None, *, now: datetime | None = None) -> str:
    """How long ago, in one unit: 3 hours ago. A moment to come is said as it is: in 2 days."""
    if value is None:
        return ""
    gap = (now or datetime.now(UTC)) - value
    text = length(abs(gap))
    if abs(gap) < timedelta(minutes=1):
        return gettext("just now")
    return gettext("%(time)s ago") % {"time": text} if gap > timedelta() else gettext("in %(time)s") % {"time": text}


def length(gap: timedelta) -> str:
    """A length of time in its largest unit: 3 hours."""
    seconds = int(gap.total_seconds())
    if seconds < 60:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    if (minutes := seconds // 60) < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if (hours := minutes // 60) < 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    if (days := hours // 24) < 60:
        return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
    if (months := days // 30) < 24:
        return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}
    return ngettext("%(n)d year", "%(n)d years", days // 365) % {"n": days // 365}
