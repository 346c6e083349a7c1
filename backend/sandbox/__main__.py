"""`python -m sandbox`: all emulators but Pluggy's, in one process."""

from sandbox.together import main

if __name__ == "__main__":
    raise SystemExit(main())
