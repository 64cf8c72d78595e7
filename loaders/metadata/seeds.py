"""The dbt seeds that keep names: CSV files of one row an id, read strictly and written whole."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from loaders.errors import NotReadyError, UsageError
from loaders.metadata.contract import Lookup

# By id, the texts of the lookup's keys.
Names = dict[str, dict[str, str]]


def read_seed(folder: Path, lookup: Lookup) -> Names:
    """Return the names that the seed keeps, none where there is no file.

    Raises UsageError for a file that a row or a name could be lost from by writing it anew.
    """
    path = folder / lookup.seed
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no UTF-8 text. {_put_back(lookup)}") from error
    except OSError as error:
        raise NotReadyError(f"{path} cannot be read: {error.strerror}.") from error
    names: Names = {}
    try:
        rows = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = next(rows, [])
        if sorted(header) != sorted((lookup.id_column, *lookup.keys)):
            raise UsageError(f"{path} has the columns {', '.join(header) or '(none)'}. {_put_back(lookup)}")
        for row in rows:
            if not row:
                continue
            if len(row) != len(header):
                raise UsageError(
                    f"{path} line {rows.line_num} has {len(row)} values, not {len(header)}. Correct it."
                )
            values = dict(zip(header, row, strict=True))
            id_ = values.pop(lookup.id_column)
            if not id_ or id_ in names:
                told = f"the {lookup.id_column} {id_} a second time" if id_ else f"no {lookup.id_column}"
                raise UsageError(f"{path} line {rows.line_num} has {told}. Keep one row for each.")
            names[id_] = values
    except csv.Error as error:
        raise UsageError(f"{path} line {rows.line_num} is no CSV: {error}. Correct it.") from error
    return names


def write_seeds(folder: Path, names: Mapping[Lookup, Names]) -> None:
    """Write one seed for each kind of id, rows in order of their ids: all files change, or none does.

    Raises NotReadyError where the folder cannot be written, with every file as it was.
    """
    waiting: dict[Path, Path] = {}
    former: dict[Path, bytes | None] = {}
    try:
        for lookup, of_lookup in names.items():
            path = folder / lookup.seed
            former[path] = path.read_bytes() if path.exists() else None
            part = path.with_name(f".{path.name}.part")
            waiting[part] = path
            _write(part, _text(lookup, of_lookup).encode())
        for part, path in waiting.items():
            part.replace(path)
    except OSError as error:
        _put_former(former)
        raise NotReadyError(
            f"The seeds in {folder} cannot be written: {error.strerror}. They are as they were; mend this "
            f"and run again."
        ) from error
    finally:
        for part in waiting:
            part.unlink(missing_ok=True)


def _text(lookup: Lookup, names: Names) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((lookup.id_column, *lookup.keys))
    for id_ in sorted(names, key=_position):
        writer.writerow((id_, *(names[id_][key] for key in lookup.keys)))
    return text.getvalue()


def _position(id_: str) -> tuple[int, int, str]:
    is_number = id_.removeprefix("-").isdecimal()
    return (0, int(id_), id_) if is_number else (1, 0, id_)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _put_former(former: Mapping[Path, bytes | None]) -> None:
    for path, content in former.items():
        with suppress(OSError):
            if content is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != content:
                path.write_bytes(content)


def _put_back(lookup: Lookup) -> str:
    return f"Put back a file that begins with {','.join((lookup.id_column, *lookup.keys))}, or remove it."
