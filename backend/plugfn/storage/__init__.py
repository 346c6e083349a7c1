"""What is kept: connections and their sealed credentials, short-lived values, workflows, the action log."""
