"""Tests of metrics."""

from hypothesis import given
from hypothesis import strategies as st

from plugfn.calls.metrics import Histogram, Metrics


@given(st.lists(st.floats(0.5, 100_000), min_size=1, max_size=200))
def test_a_percentile_is_at_most_a_quarter_above_the_true_one(times):
    histogram = Histogram()
    for time in times:
        histogram.add(time)
    true = sorted(times)[-(-len(times) * 95 // 100) - 1]
    assert true <= histogram.percentile(0.95) <= true * 1.25 + 0.001


def test_before_the_first_call_the_figures_are_empty():
    measured = Metrics().of("acme.ask")
    assert (measured.attempts, measured.success_rate, measured.latency_ms["p50"]) == (0, None, None)


def test_the_success_rate_counts_every_attempt():
    metrics = Metrics()
    for outcome in ("ok", "ok", "retry", "failed"):
        metrics.count("acme.ask", outcome, 5)
    assert metrics.of("acme.ask").success_rate == 0.5
    assert [one.action for one in metrics.all()] == ["acme.ask"]
