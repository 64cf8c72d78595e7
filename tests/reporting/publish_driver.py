"""Publishes a database and dies at a step; for test_publish.

Run as `python -m tests.reporting.publish_driver DATABASE FOLDER STEP COUNT`: the process ends without any
cleaning up when it comes to the step for the count-th time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reporting import publication, versions

STEPS = {
    "make": (versions, "_make"),
    "clean": (versions, "_clean"),
    "write": (publication, "_write"),
    "describe": (publication, "_describe"),
    "flush": (versions, "_flush"),
    "show": (versions, "_show"),
}


def dying(function: Callable[..., Any], moment: str, count: int) -> Callable[..., Any]:
    """Return the function, deadly `before` or `after` its count-th call."""
    calls = 0

    def call(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if moment == "before" and calls == count:
            os._exit(9)
        result = function(*arguments)
        if moment == "after" and calls == count:
            os._exit(9)
        return result

    return call


def main(database: str, folder: str, step: str, count: str) -> None:
    if step == "between link and rename":
        # The link is made, and its rename never comes.
        Path.replace = dying(Path.replace, "before", int(count))  # type: ignore[method-assign]
    else:
        moment, name = step.split()
        module, attribute = STEPS[name]
        setattr(module, attribute, dying(getattr(module, attribute), moment, int(count)))
    publication.publish_marts(Path(database), Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
