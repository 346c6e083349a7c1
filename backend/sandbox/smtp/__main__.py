"""`python -m sandbox.smtp`"""

from sandbox.kit.serve import main

from .app import build

raise SystemExit(main(build()))
