"""Reading databases: one vocabulary of queries and answers, shared by every database provider, and the SQL guard."""
