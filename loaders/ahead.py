"""Items made ahead of whoever takes them, so that reading a file and landing it go on side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


def one_ahead(items: Iterator[Item]) -> Generator[Item, None, None]:
    """Yield the items, while a thread makes the next one; raises what making it raised, in its turn.

    An end before the last item waits for the one that is being made.
    """
    return some_ahead(items, 1)


def some_ahead(items: Iterator[Item], most: int) -> Generator[Item, None, None]:
    """Yield the items as `one_ahead` does, up to so many of them made before they are taken."""
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming = deque(thread.submit(next, items, end) for _ in range(most))
        try:
            while (item := coming.popleft().result()) is not end:
                coming.append(thread.submit(next, items, end))
                yield item  # type: ignore[misc]
        finally:
            for future in coming:
                future.cancel()
