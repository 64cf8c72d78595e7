"""Single values of Pendo's manifest: each read with the tolerance that the format needs."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from loaders.errors import ManifestError

# A whole number below is a day since 1970, one of eight digits is year, month and day.
DAY_NUMBER_LIMIT = 100_000
SHOWN_LENGTH = 80


def read_period(value: Any) -> date | None:
    """Return the UTC day that a `periodId` names, None for a value that names none.

    Known are texts of a date or a time, whole numbers of days since 1970, and numbers `yyyymmdd`.
    """
    number = whole_number(value)
    try:
        if number is not None and number < DAY_NUMBER_LIMIT:
            return date(1970, 1, 1) + timedelta(days=number)
        if number is not None:
            return datetime.strptime(f"{number:08}", "%Y%m%d").date() if number < 10**8 else None
        moment = datetime.fromisoformat(value)
        return (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except (OverflowError, TypeError, ValueError):
        return None


def read_moment(value: Any) -> int | None:
    """Return a text's time in microseconds since 1970, None for a value that is no time.

    A time without an offset is UTC; digits beyond microseconds are cut.
    """
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def export_folder(url: Any) -> str:
    """Return the last part of `rootUrl`, the export's folder beside the manifest; raises ManifestError."""
    # What follows the path of a URL may be a signature, and is no part of the folder's name.
    path = url.partition("?")[0] if isinstance(url, str) and "://" in url else url
    folder = path.rstrip("/").rpartition("/")[2] if isinstance(path, str) else ""
    if folder in ("", ".", "..") or "\\" in folder:
        raise ManifestError(f"rootUrl is {shown(url)}, which names no export folder")
    return folder


def file_names(raw: dict[str, Any], key: str) -> tuple[str, ...]:
    """Return the file names under `key`, each once; raises ManifestError for one outside the folder."""
    names = listed(raw, key)
    for name in names:
        if not isinstance(name, str) or not name:
            raise ManifestError(f"{key} holds {shown(name)} where a file name is expected")
        parts = re.split(r"[/\\]", name)
        if ".." in parts or not parts[0] or "://" in name or re.match(r"[A-Za-z]:", name):
            raise ManifestError(f"{key} names {shown(name)}, which lies outside the export's own folder")
    return tuple(dict.fromkeys(name.removeprefix("./") for name in names))


def named_id(raw: dict[str, Any], key: str) -> str | None:
    """Return the id of the object under `key`, None where there is none; raises ManifestError for no id."""
    named = raw.get(key)
    value = named.get("id") if isinstance(named, dict) else None
    if value is None:
        return None
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise ManifestError(f"the id of its {key} is {shown(value)}")
    return str(value)


def listed(raw: dict[str, Any], key: str) -> list[Any]:
    """Return the list under `key`: empty for an absent or null value, of one for a single value."""
    value = raw.get(key)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def whole_number(value: Any) -> int | None:
    """Return a whole number from 0, given as a number or as digits, None for anything else."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def shown(value: Any) -> str:
    """Return the value as messages show it."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_LENGTH else text[: SHOWN_LENGTH - 1] + "…"
