"""Connect a bank, repair and end the connection: the verbs that pages, the API and the admin call."""
