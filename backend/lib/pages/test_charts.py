"""Charts: well-formed SVG for any values, with the values as text, and nothing where there is nothing to draw."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.pages.charts import HEIGHT, WIDTH, Bar, Mark, Point, bar_chart, column_chart, line_chart, spark, timeline

VALUES = st.floats(min_value=-1e12, max_value=1e12)


def points(values):
    return [Point(f"{n}/11", value, f"R$ {value}") for n, value in enumerate(values)]


def numbers(element, *names):
    return [float(element.get(name)) for name in names]


@given(st.lists(VALUES, min_size=2, max_size=40))
def test_every_point_of_a_line_is_inside_its_picture(values):
    figure = ElementTree.fromstring(line_chart(points(values), "Saldo"))
    pairs = figure.find(".//polyline").get("points").split()
    assert len(pairs) == len(values)
    for x, y in (map(float, pair.split(",")) for pair in pairs):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


@given(st.lists(VALUES, min_size=1, max_size=40))
def test_every_column_is_inside_its_picture(values):
    figure = ElementTree.fromstring(column_chart(points(values), "Por dia"))
    columns = figure.findall(".//rect")
    assert len(columns) == len(values)
    for column in columns:
        x, y, width, height = numbers(column, "x", "y", "width", "height")
        assert x >= 0
        assert y >= 0
        assert height >= 0
        assert x + width <= WIDTH
        assert y + height <= HEIGHT


def test_a_higher_value_stands_higher():
    figure = ElementTree.fromstring(line_chart(points([1, 5, 3]), "Saldo"))
    first, second, third = (float(pair.split(",")[1]) for pair in figure.find(".//polyline").get("points").split())
    assert second < third < first


def test_the_values_are_there_as_text():
    html = line_chart(points([1, 5]), "Saldo")
    assert "<caption>Saldo</caption>" in html
    assert "<td>R$ 5</td>" in html


@pytest.mark.parametrize(
    "drawn",
    [
        line_chart([], "x"),
        line_chart(points([1]), "x"),
        column_chart([], "x"),
        bar_chart([], "x"),
        spark([1], "x"),
        timeline([], "x", "a", "b"),
    ],
)
def test_nothing_is_drawn_of_nothing(drawn):
    assert drawn == ""


@pytest.mark.parametrize("share", [-1, 0, 0.5, 1, 7, float("inf")])
def test_a_bar_is_never_longer_than_its_track(share):
    figure = ElementTree.fromstring(bar_chart([Bar("Mercado", "R$ 1", share)], "Gastos"))
    assert 0 <= float(figure.find(".//rect").get("width")) <= 100


def test_what_a_bank_wrote_is_text_and_no_markup():
    bars = bar_chart([Bar("<script>", "&", 1)], "<b>")
    line = line_chart([Point("<i>", 1, "<u>"), Point("b", 2, "c")], '"x"')
    marks = timeline([Mark(0.5, "bad", "<script>")], "t", "<a>", "b")
    assert not any(tag in html for tag in ("<script>", "<b>", "<i>", "<u>", "<a>") for html in (bars, line, marks))


def test_a_decimal_comma_never_stands_in_a_drawing(settings):
    settings.LANGUAGE_CODE = "pt-br"
    for html in (column_chart(points([1.5, 2.5]), "x"), bar_chart([Bar("a", "b", 0.333)], "x")):
        for element in ElementTree.fromstring(html).iter():
            for name in ("x", "y", "width", "height", "y1"):
                assert "," not in element.get(name, "")


def test_a_small_line_fits_its_box():
    figure = ElementTree.fromstring(spark([3, 3, 3], "Sete dias"))
    for pair in figure.find("polyline").get("points").split():
        x, y = map(float, pair.split(","))
        assert 0 <= x <= 100
        assert 0 <= y <= 28
