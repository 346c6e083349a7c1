"""The demo: starts every part of Ponte, connects a bank through the sandbox, and shows the figures."""
