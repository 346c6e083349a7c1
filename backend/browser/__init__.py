"""Tests of the pages in a real browser: conftest.py has the running parts, test_*.py the flows."""
