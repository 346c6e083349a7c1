"""The doctor: what stands between this installation and the first synced bank, in order, and what to do about it."""
