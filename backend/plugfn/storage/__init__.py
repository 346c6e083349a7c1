"""What PlugFn stores: connections with encrypted credentials, short-lived values, workflows, the action log."""
