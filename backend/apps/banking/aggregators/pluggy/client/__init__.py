"""The client of Pluggy's API: one method for each call, with rate limits, paged lists and typed errors."""
