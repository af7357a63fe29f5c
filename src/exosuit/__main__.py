"""`python -m exosuit`, `exosuit` and `exo`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and leave with its exit code."""
    try:
        from exosuit.faces.cli import main as run

        code = run()
    except KeyboardInterrupt:  # before the command line could take it
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
