"""What may lie in a landing folder: files and folders, and links to such as lie in it as well.

A named pipe would be waited on for ever, a device has no end, and a link that leads out of the folder would
load what nobody delivered. One of them stops the run: whoever put it there has to say what it is for.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from loaders.errors import LandingError

KINDS = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISDIR, "a folder"),
)


def check_kind(path: Path, mode: int) -> None:
    """Raise LandingError unless `mode`, that of the entry or of what it links to, is a file's."""
    if not stat.S_ISREG(mode):
        kind = next((title for is_kind, title in KINDS if is_kind(mode)), "something else")
        raise LandingError(f"{path} is {kind}, not a file. Remove it from the landing folder.")


def check_link(path: Path, root: str) -> None:
    """Raise LandingError for a link that leads out of `root`, a path without links."""
    if not path.is_symlink():
        return
    target = os.path.realpath(path)
    if target != root and not Path(target).is_relative_to(root):
        raise LandingError(
            f"{path} is a link that leads out of the landing folder. Remove it, or give the place it leads "
            f"to as a URI of its own."
        )
