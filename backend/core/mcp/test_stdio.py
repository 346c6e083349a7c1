"""An official MCP client uses the tools over standard input and output."""
