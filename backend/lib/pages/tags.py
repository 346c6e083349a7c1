"""The template tags and filters of all pages. Every template has them without loading them."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from lib.pages import charts, display

register = template.Library()

# A state's tone and icon. The word beside them says the same, so neither colour nor icon is needed to understand it.
TONES = {
    "good": "check",
    "busy": "sync",
    "warn": "alert",
    "bad": "cross",
    "idle": "pause",
    "info": "info",
}


@register.filter
def money(amount: Decimal | None, currency: str = "BRL") -> str:
    """{{ amount|money:currency }}: R$ 1.234,56."""
    return display.money(amount, currency)


@register.filter
def quantity(number: Decimal | None) -> str:
    """{{ number|quantity }}: without zeros at its end."""
    return display.quantity(number)


@register.filter
def percent(number: Decimal | float | None, decimals: int = 1) -> str:
    """{{ number|percent }}: 98,5 %."""
    return display.percent(number, decimals)


@register.filter
def day(value: date | datetime | None) -> str:
    """{{ date|day }}: today, yesterday, 3 de maio."""
    return display.day(value)


@register.filter
def month(value: date) -> str:
    """{{ date|month }}: novembro de 2026."""
    return display.month(value)


@register.filter
def clock(value: datetime | None) -> str:
    """{{ at|clock }}: 06:12, where the day stands beside it."""
    return display.clock(value)


@register.simple_tag
def amount(value: Decimal | None, currency: str = "BRL", *, signed: bool = False, plain: bool = False) -> SafeString:
    """{% amount value currency %}: an amount that aligns with those around it; income has a plus if `signed`."""
    if value is None:
        return format_html('<span class="amount amount--none">{}</span>', "–")
    tone = "" if plain else (" amount--in" if value > 0 and signed else "")
    return format_html('<span class="amount{}">{}</span>', tone, display.money(value, currency, signed=signed))


@register.simple_tag
def moment(value: datetime | None) -> SafeString:
    """{% moment at %}: today 06:12, with the second and the zone on hovering."""
    return _time(value, display.moment(value))


@register.simple_tag
def ago(value: datetime | None) -> SafeString:
    """{% ago at %}: 3 hours ago, with the exact moment on hovering."""
    return _time(value, display.ago(value))


def _time(value: datetime | None, text: str) -> SafeString:
    if value is None:
        return SafeString("")
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), display.exact(value), text)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """{% icon "bank" %}: a drawing of static/ponte/icons.svg. With a label it is read aloud, else it is not."""
    attributes = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    address = f"{static('ponte/icons.svg')}#{name}"
    return format_html('<svg class="icon" {}><use href="{}"></use></svg>', attributes, address)


@register.simple_tag
def badge(tone: str, text: Any) -> SafeString:
    """{% badge "good" _("Up to date") %}: a state, by its icon, its word and its colour."""
    return format_html('<span class="badge badge--{}">{}{}</span>', tone, icon(TONES.get(tone, "info")), text)


@register.simple_tag
def line_chart(points: Sequence[charts.Point], title: str) -> SafeString:
    return charts.line_chart(points, title)


@register.simple_tag
def column_chart(points: Sequence[charts.Point], title: str) -> SafeString:
    return charts.column_chart(points, title)


@register.simple_tag
def bar_chart(bars: Sequence[charts.Bar], title: str) -> SafeString:
    return charts.bar_chart(bars, title)


@register.simple_tag
def timeline(marks: Sequence[charts.Mark], title: str, start: str, end: str) -> SafeString:
    return charts.timeline(marks, title, start, end)


@register.simple_tag
def spark(values: Sequence[float], title: str) -> SafeString:
    return charts.spark(values, title)


@register.inclusion_tag("components/field.html")
def field(bound: Any, *, compact: bool = False) -> dict[str, Any]:
    """{% field form.email %}: label, control, help and errors, joined for screen readers."""
    widget = bound.field.widget
    described = []
    if bound.help_text and not compact:
        described.append(f"{bound.id_for_label}_help")
    if bound.errors:
        described.append(f"{bound.id_for_label}_errors")
    attributes = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attributes["aria-invalid"] = "true"
    kind = getattr(widget, "input_type", "select")
    return {
        "field": bound,
        "control": bound.as_widget(attrs=attributes),
        "is_choice": kind in ("checkbox",) and not hasattr(widget, "option_template_name"),
        "is_group": kind in ("radio",) or (kind == "checkbox" and hasattr(widget, "option_template_name")),
        "hidden": bound.is_hidden,
        "compact": compact,
    }


@register.filter
def initial(text: str) -> str:
    """{{ name|initial }}: the first letter, for a bank without a logo."""
    return text[:1].upper() if text else "?"
