"""`python -m sandbox.slack`: the site and the Web API (under /api) on one address."""

from sandbox.kit.serve import main
from sandbox.slack.app import build

if __name__ == "__main__":
    raise SystemExit(main(build()))
