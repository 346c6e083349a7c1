"""Columns of lists and fields of detail pages, made for people: seconds, cents, links, states in words."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db import models
from django.urls import NoReverseMatch, reverse
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_lazy

# Before this, a time is the column's way to say "never".
FIRST_TIME = datetime(1971, 1, 1, tzinfo=timezone.get_fixed_timezone(0))
EMPTY = "–"
_FORMATS = {"pt": "d/m/Y H:i:s"}
_DAYS = {"pt": "d/m/Y"}

Column = Callable[[Any], Any]


def with_seconds(value: datetime | None) -> str | SafeString:
    """A moment in the local zone, with seconds; EMPTY for none, and for the year 1970, which means never."""
    if value is None or value < FIRST_TIME:
        return EMPTY
    local = timezone.localtime(value)
    form = _FORMATS.get((get_language() or "")[:2], "Y-m-d H:i:s")
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.date_format(local, form))


def cents(value: Decimal | None) -> str:
    """An amount in the language's own form, with its cents, and without the zeros that its column has after them."""
    if value is None:
        return EMPTY
    rounded = round(value, 2)
    plain = rounded if rounded == value else value.normalize()
    decimals = max(2, -int(plain.as_tuple().exponent))
    return formats.number_format(plain, decimal_pos=decimals, use_l10n=True, force_grouping=True)


def _named(function: Column, name: str, label: Any, order: str | None = None) -> Column:
    function.__name__ = name
    function.short_description = label  # type: ignore[attr-defined]
    if order:
        function.admin_order_field = order  # type: ignore[attr-defined]
    return function


def moment(name: str, label: Any) -> Column:
    """The column `name`, a moment, with seconds."""
    return _named(lambda row: with_seconds(getattr(row, name)), f"{name}_shown", label)


def plain(field: "models.Field[Any, Any]") -> Column:
    """A column as it is, under its name in the reader's language. Moments have seconds, keys are links."""
    label = gettext_lazy(str(field.verbose_name))
    if isinstance(field, models.DateTimeField):
        return moment(field.name, label)
    if isinstance(field, models.ForeignKey):
        return link_to(field.name, label)
    named = _named(lambda row: _shown(row, field), field.name, label)
    if isinstance(field, models.BooleanField):
        named.boolean = True  # type: ignore[attr-defined]
    return named


def _shown(row: Any, field: "models.Field[Any, Any]") -> Any:
    value = getattr(row, f"get_{field.name}_display")() if field.choices else getattr(row, field.name)
    if isinstance(value, date):
        return formats.date_format(value, _DAYS.get((get_language() or "")[:2], "Y-m-d"))
    if isinstance(value, Decimal):
        return cents(value)
    is_empty = value == "" or (value is None and not isinstance(field, models.BooleanField))
    return EMPTY if is_empty else value


def amount(name: str, label: Any, currency: str = "currency_code") -> Column:
    """The column `name`, an amount, with its currency."""

    def shown(row: Any) -> str:
        value, unit = getattr(row, name), getattr(row, currency, "")
        text = cents(value)
        return text if value is None or not unit or unit == "XXX" else f"{text} {unit}"

    return _named(shown, f"{name}_shown", label)


def link_to(name: str, label: Any, text: Callable[[Any], str] = str) -> Column:
    """The row that the foreign key `name` refers to, as a link to its page. `text` is what the link says."""

    def shown(row: Any) -> str | SafeString:
        other = getattr(row, name)
        return EMPTY if other is None else link(other, text(other))

    return _named(shown, f"{name}_link", label)


def link(row: models.Model, text: str) -> SafeString | str:
    """A link to the row's page in the admin; only the text, if it has none."""
    url = address_of(row._meta.app_label, str(row._meta.model_name), row.pk)
    return format_html('<a href="{}" class="ponte-link">{}</a>', url, text) if url else text


def address_of(app: str, model: str, pk: object) -> str:
    """The address of a row's page in the admin; empty if its model has none."""
    try:
        return reverse(f"{admin.site.name}:{app}_{model}_change", args=[pk])
    except NoReverseMatch:
        return ""


def list_of(model: type[models.Model], **query: str | int) -> str:
    """The address of a model's list in the admin, filtered."""
    address = reverse(f"{admin.site.name}:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def copyable(name: str, label: Any) -> Column:
    """The column `name`, with a button that copies it."""
    return _named(lambda row: copy_button(str(getattr(row, name))), f"{name}_copyable", label)


def short(text: str, most: int = 24) -> str:
    """The beginning of a long name, such as that of a mailbox with its item's id."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def copy_button(text: str) -> SafeString:
    """A text and a button that copies it."""
    return format_html(
        '<code class="ponte-code">{}</code> <button type="button" class="ponte-copy" data-copy="{}" '
        'aria-label="{}"><span class="material-symbols-outlined" aria-hidden="true">content_copy</span></button>',
        text,
        text,
        gettext("Copy"),
    )


def badge(
    name: str, label: Any, tones: Mapping[str, str], words: Mapping[str, Any] | None = None, *, order: str | None = None
) -> Column:
    """The column `name`, a state, as a badge: `tones` are success, info, warning or danger, `words` its text."""

    def shown(row: Any) -> str | SafeString:
        value = getattr(row, name)
        display = getattr(row, f"get_{name}_display", None)
        text = (words or {}).get(value) or (display() if display else value)
        return badge_of(str(text), tones.get(value, "")) if value else EMPTY

    return _named(shown, f"{name}_badge", label, order)


def badge_of(text: str, tone: str) -> SafeString:
    """A state in words, coloured."""
    return format_html('<span class="ponte-badge" data-tone="{}">{}</span>', tone or "neutral", text)
