"""The pages about agents: consent, and the connected applications."""
