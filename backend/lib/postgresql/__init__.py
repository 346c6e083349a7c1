"""Django's backend for PostgreSQL, whose statements say for whom they are."""
