"""The named retry policies of events: the number of attempts, and the backoff between them."""

from plugfn.resilience.retry import RetryPolicy

__all__ = ["POLICIES", "RetryPolicy"]

POLICIES = {
    # About 32 hours in all: longer than a bank's maintenance, shorter than a weekend.
    "event": RetryPolicy(attempts=12, base=5, cap=6 * 3600, multiplier=4, jitter=0.2),
}
