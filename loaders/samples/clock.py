"""The weeks in which samples play, and moments of them as the vendors write them.

A moment is an integer: milliseconds since 1970 in UTC. Texts are put together from tables,
because formatting a datetime for every event would take longer than all the rest.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

FIRST_DATE = date(2026, 1, 5)
DAYS = 28

_EPOCH = datetime(1970, 1, 1)
START = round((datetime.combine(FIRST_DATE, datetime.min.time()) - _EPOCH) / timedelta(milliseconds=1))
END = START + DAYS * DAY


class _Minutes(dict[int, str]):
    """Texts of minutes since 1970 up to the colon before the seconds, each made when first asked for."""

    def __init__(self, between: str) -> None:
        super().__init__()
        self._between = between

    def __missing__(self, minute: int) -> str:
        time = f"{minute // 60 % 24:02d}:{minute % 60:02d}:"
        text = self[minute] = f"{date_of(minute * MINUTE).isoformat()}{self._between}{time}"
        return text


_MINUTES_T = _Minutes("T")
_MINUTES_SPACE = _Minutes(" ")
_SECONDS = [f"{second:02d}." for second in range(60)]
_MILLISECONDS = [f"{ms:03d}" for ms in range(SECOND)]
_MILLISECONDS_Z = [f"{ms:03d}Z" for ms in range(SECOND)]


def iso(moment: int) -> str:
    """Return `2026-01-05T10:00:00.000Z`."""
    second, ms = divmod(moment, SECOND)
    return _MINUTES_T[second // 60] + _SECONDS[second % 60] + _MILLISECONDS_Z[ms]


def spaced(moment: int) -> str:
    """Return `2026-01-05 10:00:00.000`."""
    second, ms = divmod(moment, SECOND)
    return _MINUTES_SPACE[second // 60] + _SECONDS[second % 60] + _MILLISECONDS[ms]


def scientific_seconds(moment: int) -> str:
    """Return seconds with one digit before the point, `1.7675712E9`."""
    digits = str(moment).rstrip("0")
    return f"{digits[0]}.{digits[1:] or '0'}E{len(str(moment)) - 4}"


def date_of(moment: int) -> date:
    """Return the UTC date of the moment."""
    return (_EPOCH + timedelta(milliseconds=moment)).date()


def epoch_day(moment: int) -> int:
    """Return the days from 1970 to the UTC date of the moment."""
    return moment // DAY


def moment_of(text: str) -> int:
    """Return the moment of a text in ISO 8601, with or without `T`, in UTC."""
    return round((datetime.fromisoformat(text) - _EPOCH) / timedelta(milliseconds=1))


def at(day: int, time: str = "00:00") -> int:
    """Return the moment `time` (`HH:MM`) of the sampled `day`, 0 to 27."""
    return moment_of(f"{(FIRST_DATE + timedelta(days=day)).isoformat()} {time}")
