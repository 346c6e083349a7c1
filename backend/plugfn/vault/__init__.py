"""What is stored sealed: connections with their credentials, and how everything gets a new key."""
