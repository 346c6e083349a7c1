"""The REST API of banking: connections, and what the banks said."""
