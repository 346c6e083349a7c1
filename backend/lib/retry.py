"""Named retry policies of events: how often a failing one is tried again, and how long it waits between."""

from plugfn.resilience.retry import RetryPolicy

__all__ = ["POLICIES", "RetryPolicy"]

POLICIES = {
    # About 32 hours in all: longer than a bank's maintenance window, shorter than a lost weekend.
    "event": RetryPolicy(attempts=12, base=5, cap=6 * 3600, multiplier=4, jitter=0.2),
}
