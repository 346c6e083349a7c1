"""How this library talks to other servers: answers, error tables, retry-after, checked addresses, HTTP."""
