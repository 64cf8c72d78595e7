"""What the name of a Session Stream file tells: which window of time it covers, and so where files lack."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

SUFFIX = ".json.gz"
GRAMMAR = f"<YYYYMMDDThhmmss.sssZ>_PT15M-<number>{SUFFIX}"
FILE_NAME = re.compile(
    r"(?P<start>\d{8}T\d{6})(?:\.(?P<fraction>\d{1,3}))?Z_PT(?P<length>\d{1,4})(?P<unit>[MH])"
    r"-(?P<sequence>\d{1,18})\.json\.gz",
    re.ASCII,
)
DATE_FOLDER = re.compile(r"(?P<stream>(?:.*/)?)(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)/[^/]+", re.ASCII)
SHOWN_GAPS = 3


@dataclass(frozen=True, slots=True)
class Window:
    """The span of time a file covers (UTC), and its number among the files of that span."""

    started_at: datetime
    ended_at: datetime
    sequence: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A span of time (UTC) between two files of one stream that no file covers."""

    begins_at: datetime
    ends_at: datetime

    def __str__(self) -> str:
        """Tell the span; its end with the day only where it is another one."""
        is_one_day = self.begins_at.date() == self.ends_at.date()
        end = f"{self.ends_at:%H:%M}" if is_one_day else f"{self.ends_at:%Y-%m-%d %H:%M}"
        return f"{self.begins_at:%Y-%m-%d %H:%M} to {end}"


@lru_cache(maxsize=1 << 16)
def window_of(name: str) -> Window | None:
    """Return the window that a Session Stream file name tells, None for any other name."""
    match = FILE_NAME.fullmatch(name)
    if not match:
        return None
    fraction = (match["fraction"] or "0").ljust(3, "0")
    length = int(match["length"])
    lasts = timedelta(minutes=length) if match["unit"] == "M" else timedelta(hours=length)
    try:
        started_at = datetime.strptime(f"{match['start']}.{fraction}", "%Y%m%dT%H%M%S.%f")
        return Window(started_at, started_at + lasts, int(match["sequence"]))
    except (ValueError, OverflowError):
        return None


def day_of_folder(identity: str) -> str | None:
    """Return the day (`2017-05-01`) of the folders that the file lies in, None for other folders."""
    match = DATE_FOLDER.fullmatch(identity)
    return f"{match['year']}-{match['month']}-{match['day']}" if match else None


def gaps_before(identities: Iterable[str], new: Iterable[str]) -> list[Gap]:
    """Return the gaps in the streams of `identities` that end where a file of `new` begins, in order.

    A stream is one account's: files whose folders differ in their dates alone.
    """
    streams: Mapping[str, list[tuple[Window, str]]] = defaultdict(list)
    for identity in {*identities, *new}:
        folder, _, name = identity.rpartition("/")
        window = window_of(name)
        match = DATE_FOLDER.fullmatch(identity)
        if window:
            streams[match["stream"] if match else folder].append((window, identity))
    wanted = set(new)
    gaps = []
    for stream in streams.values():
        stream.sort(key=lambda item: (item[0].started_at, item[0].ended_at, item[1]))
        gaps += _gaps_of(stream, wanted)
    return sorted(gaps, key=lambda gap: (gap.begins_at, gap.ends_at))


def tell(gaps: list[Gap]) -> str:
    """Return a warning about the gaps, of which there is at least one."""
    shown = ", ".join(map(str, gaps[:SHOWN_GAPS]))
    more = f" and {len(gaps) - SHOWN_GAPS:,} more spans" if len(gaps) > SHOWN_GAPS else ""
    return f"no file covers {shown}{more} (UTC): nobody was seen then, or files were not fetched"


def _gaps_of(stream: list[tuple[Window, str]], wanted: set[str]) -> list[Gap]:
    gaps = []
    covered_until = stream[0][0].ended_at
    for window, identity in stream:
        if window.started_at > covered_until and identity in wanted:
            gaps.append(Gap(covered_until, window.started_at))
        covered_until = max(covered_until, window.ended_at)
    return gaps
