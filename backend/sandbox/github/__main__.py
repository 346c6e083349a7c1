"""`python -m sandbox.github`: the site and the API on one address."""

from sandbox.github.app import build
from sandbox.kit.serve import main

if __name__ == "__main__":
    raise SystemExit(main(build()))
