"""The documents, and what holds them to the code. No wheel has this folder."""
