"""What the small emulators share: starting and stopping, recorded requests, faults switched on at run time."""
