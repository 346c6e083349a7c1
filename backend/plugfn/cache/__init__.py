"""State that processes share for a short while: cached values, locks, rate budgets, circuit breakers."""
