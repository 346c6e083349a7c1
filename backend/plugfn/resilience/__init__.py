"""Retry policies, rate budgets and circuit breakers: the rules, without any input or output of their own."""
