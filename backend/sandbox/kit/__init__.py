"""What all emulators share: start and stop, faults, switches, background tasks; and the recorder of the small ones."""
