"""Run the command line as `python -m loaders`."""

from __future__ import annotations

from loaders.cli import main

if __name__ == "__main__":
    main()
