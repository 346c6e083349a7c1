"""The page of all components, at /design/ while DEBUG: it keeps the pages one family."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from lib.pages.charts import Bar, Mark, Point


class Example(forms.Form):
    """Every kind of field."""

    name = forms.CharField(label="Name", help_text="As it stands on the card.")
    email = forms.EmailField(label="E-mail", required=False)
    bank = forms.ChoiceField(label="Bank", choices=[("1", "Banco do Vale"), ("2", "Caixa da Serra")])
    day = forms.DateField(label="Day", widget=forms.DateInput(attrs={"type": "date"}), required=False)
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    keep = forms.BooleanField(label="Keep what was read so far", required=False)
    way = forms.ChoiceField(
        label="Way", choices=[("a", "By e-mail"), ("b", "On this page")], widget=forms.RadioSelect, initial="a"
    )


def design(request: HttpRequest) -> HttpResponse:
    """Each component once, with values that are hard to lay out."""
    messages.success(request, "The connection was saved.")
    messages.error(request, "The bank refused the password.")
    return render(request, "design.html", _context())


def _context() -> dict[str, Any]:
    today = date(2026, 11, 22)
    points = [
        Point(f"{today - timedelta(days=30 - n):%d/%m}", 4000 + 900 * ((n * 7) % 11) - 60 * n, f"R$ {4000 + n}")
        for n in range(31)
    ]
    tones = ["good"] * 20 + ["warn"] + ["good"] * 6 + ["bad", "good", "good"]
    return {
        "form": Example({"name": "", "bank": "1", "way": "a"}),
        "points": points,
        "bars": [
            Bar("Mercado", "R$ 1.240,10", 1.0, "#"),
            Bar("Moradia e contas da casa, com um nome comprido", "R$ 980,00", 0.79),
            Bar("Transporte", "R$ 310,45", 0.25, tone="muted"),
        ],
        "marks": [Mark(n / 29, tone, f"{n}: {tone}") for n, tone in enumerate(tones)],
        "values": [3, 5, 4, 8, 9, 7, 12],
        "amounts": [
            (Decimal("-1234567.8"), "BRL"),
            (Decimal("12.5"), "BRL"),
            (Decimal("-0.001"), "USD"),
            (Decimal(1500), "JPY"),
            (None, "BRL"),
        ],
        "at": datetime.now(UTC) - timedelta(hours=3),
        "old": datetime.now(UTC) - timedelta(days=9),
        "next_at": datetime.now(UTC) + timedelta(hours=20),
    }
