"""What all emulators share: start and stop, faults, switches, background tasks. `app` is for the small ones."""
