"""The library over HTTP: one core that knows no framework, and a thin adapter for each framework."""
