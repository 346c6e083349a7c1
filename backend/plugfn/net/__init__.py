"""HTTP to other servers: the client, its pool, error tables, Retry-After, and checks of addresses."""
