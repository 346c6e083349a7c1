"""Bank connections and their data: webhooks, sync, accounts, transactions."""
