"""Serves the tools over the Model Context Protocol, on standard input and output and over HTTP.

Only the first request for /mcp imports this package: with the library it takes a second and 50 MB, which most processes
never need.
"""
