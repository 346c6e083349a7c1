"""The pages of accounts, members and personal data."""
