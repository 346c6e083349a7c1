"""Stand-alone emulators of third parties; nothing of the product is imported here, and nothing there imports this."""
