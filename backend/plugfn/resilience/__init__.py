"""Retry policies, rate budgets and circuit breakers: only the rules, without any input or output."""
