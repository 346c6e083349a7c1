"""`python -m sandbox.supabase`"""

from sandbox.kit.serve import main
from sandbox.supabase.app import build

if __name__ == "__main__":
    raise SystemExit(main(build()))
