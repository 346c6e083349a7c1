"""`python -m sandbox.oauth`: /authorize, /token, /revoke and /api/me on one address."""

from sandbox.kit.serve import main
from sandbox.oauth.app import build

if __name__ == "__main__":
    raise SystemExit(main(build()))
