"""`python -m sandbox.sendgrid`"""

from sandbox.kit.serve import main

from .app import build

raise SystemExit(main(build()))
