"""State that processes share for a short time: cached values, locks, rate budgets, circuit breakers."""
