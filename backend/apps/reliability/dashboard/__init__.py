"""The admin's first page: what is healthy, what is stuck and why, each number linking to the list behind it."""
