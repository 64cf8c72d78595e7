"""Lists of column names beside CSV files that have none.

Load files (`rudder-warehouse-load-objects/<table>/...csv.gz`) have no header: their columns are those that
the table had at that moment, in alphabetical order. A file `<table>.columns.json` in the folder of the CSV
file, or in one above it, names them as a JSON list, such as `["anonymous_id", "event", "id", ...]`, spelled
as the warehouse spells them. The nearest list counts. Changing a list does not load a file again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from loaders.documents import parse_json, read_document
from loaders.errors import ManifestError
from loaders.exports import DataFile
from loaders.landing import Landing
from loaders.vendors.rudderstack.paths import COLUMN_LIST_SUFFIX, LOAD_OBJECTS


@dataclass(frozen=True, slots=True)
class ColumnLists:
    """The lists of a landing place, by their folder and table in lower case."""

    by_place: dict[tuple[str, str], DataFile]

    def nearest(self, file: DataFile, table: str) -> DataFile | None:
        """Return the list for a file of `table`, None where there is none at or above it."""
        folder = file.folder
        while True:
            found = self.by_place.get((folder, table))
            if found or not folder:
                return found
            folder = folder.rpartition("/")[0]


def find_lists(files: Iterable[DataFile]) -> ColumnLists:
    """Return the lists among `files`."""
    return ColumnLists(
        {
            (file.folder, file.name.lower().removesuffix(COLUMN_LIST_SUFFIX)): file
            for file in files
            if file.name.lower().endswith(COLUMN_LIST_SUFFIX)
        }
    )


def read_list(landing: Landing, file: DataFile, identity: str) -> tuple[str, ...]:
    """Return the names in the list `file` for the CSV file `identity`.

    Raises ManifestError for what is no list of names, and for a list that is not in the order of the
    columns of a load file.
    """
    try:
        names = parse_json(read_document(landing, file))
    except ValueError as error:
        raise ManifestError(f"{file.path} is not valid JSON ({error}). Write it again.") from error
    if not isinstance(names, list) or not names or not all(isinstance(n, str) and n.strip() for n in names):
        raise ManifestError(f'{file.path} is no list of column names such as ["event", "id", "received_at"].')
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ManifestError(f"{file.path} names the column {twice[0]} twice. Name each column once.")
    if f"{LOAD_OBJECTS}/" in identity and names != sorted(names):
        first = next(later for name, later in zip(names, sorted(names), strict=True) if name != later)
        raise ManifestError(
            f"{file.path} is not in alphabetical order, as the columns of a load file are: {first} stands "
            f"too late. Sort the list, the names spelled as the warehouse spells them."
        )
    return tuple(names)
