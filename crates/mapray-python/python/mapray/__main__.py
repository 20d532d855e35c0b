"""The `mapray` command: ``python -m mapray``, or ``mapray`` where the package is installed."""

import sys

from mapray import _core

__all__ = ["main"]


def main():
    """Run the command with this process's arguments, and end with its exit code."""
    sys.exit(_core.run_command(["mapray", *sys.argv[1:]], [sys.executable, "-m", "mapray"]))


if __name__ == "__main__":
    main()
