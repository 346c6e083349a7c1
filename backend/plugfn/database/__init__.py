"""What the database providers share: the structured query, its result, and the guard that checks free SQL."""
