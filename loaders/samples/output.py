"""Writing sample files: deterministic gzip, JSON documents, and lines collected by window of time."""

from __future__ import annotations

import json
import random
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from loaders.samples.clock import DAY, DAYS

# Fast, and enough for text that repeats itself as much as exports do.
_COMPRESSION_LEVEL = 1
_LINES_AT_ONCE = 1_000

# Lines of a file, on average and at most; they bound the memory.
MEAN_LINES = 10_000
MOST_LINES = 15_000
_FILES_A_DAY = (1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 144, 288)


@dataclass(frozen=True, slots=True)
class VendorSample:
    """What was written for one vendor: `events` without those of the hard `cases`, named one by one."""

    vendor: str
    events: int
    files: int
    cases: tuple[str, ...]


def write_text(path: Path, text: str) -> None:
    """Write `text` as it is, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def write_gzip(path: Path, lines: list[str]) -> None:
    """Write `lines` as gzip whose header holds neither name nor time, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    packer = zlib.compressobj(_COMPRESSION_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    with path.open("wb") as stream:
        for start in range(0, len(lines), _LINES_AT_ONCE):
            stream.write(packer.compress("".join(lines[start : start + _LINES_AT_ONCE]).encode()))
        stream.write(packer.flush())


def write_json(path: Path, document: object) -> None:
    """Write `document` as indented JSON."""
    write_text(path, json.dumps(document, indent=2) + "\n")


def json_line(document: object) -> str:
    """Return `document` as one line of compact JSON, with its line end."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False) + "\n"


def new_uuid(draw: random.Random) -> str:
    """Return a random UUID of version 4."""
    text = f"{draw.getrandbits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"


def with_gaps(template: str) -> list[str]:
    """Return the texts between the `%s` of a template at even places, and gaps to fill at the odd ones.

    Filling the gaps and joining is several times faster than formatting a long template.
    """
    texts = template.split("%s")
    parts = [""] * (2 * len(texts) - 1)
    parts[::2] = texts
    return parts


def number_of_files(folder: Path) -> int:
    """Return how many files lie below the folder."""
    return sum(path.is_file() for path in folder.rglob("*"))


def window_width(events: int) -> int:
    """Return the longest window, in milliseconds, that cuts days evenly into files of some 10,000 lines."""
    wanted = events / DAYS / MEAN_LINES
    return DAY // next((files for files in _FILES_A_DAY if files >= wanted), _FILES_A_DAY[-1])


class Windows:
    """Lines waiting for the file of their window of time; windows that lie behind are written and forgotten.

    `write` gets the number of a window (its start divided by `width`, in milliseconds) and its lines; it is
    called several times for a window with more than `most_lines`. Add with `windows.lines[number].append`.
    """

    def __init__(
        self, width: int, write: Callable[[int, list[str]], None], most_lines: int = MOST_LINES
    ) -> None:
        self.lines: defaultdict[int, list[str]] = defaultdict(list)
        self._width = width
        self._write = write
        self._most_lines = most_lines
        self._current = 0

    def advance(self, moment: int) -> None:
        """Note that lines from now on belong to `moment` or later."""
        current = moment // self._width
        if current > self._current:
            self._current = current
            self._write_out(number for number in self.lines if number < current)
        elif len(self.lines[current]) >= self._most_lines:
            self._write_out([current])

    def finish(self) -> None:
        """Write whatever is still waiting."""
        self._write_out(self.lines)

    def _write_out(self, numbers: Iterable[int]) -> None:
        for number in sorted(numbers):
            lines = self.lines.pop(number)
            if lines:
                self._write(number, lines)
