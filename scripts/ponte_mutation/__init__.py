"""Mutation testing: break the code in many small ways, and see whether a test fails for each."""
