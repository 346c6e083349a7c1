"""The parts that emulators share: start and stop, faults, switches, background tasks; for small ones also `app`."""
