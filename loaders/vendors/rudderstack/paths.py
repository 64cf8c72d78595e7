"""What the path of a RudderStack file says: its form, its table, its source and its day."""

from __future__ import annotations

import re

from loaders.exports import DataFile
from loaders.landing import Landing
from loaders.single_files import from_folder

# Names of the two kinds of files that are written beside the data.
MANIFEST_NAME = "sessionhouse-manifest.json"
COLUMN_LIST_SUFFIX = ".columns.json"

FILE_NAME = re.compile(r"\.(?P<form>json|ndjson|jsonl|csv|parquet)(?:\.gz)?$", re.IGNORECASE)
LAKE = "rudder-datalake"
LOAD_OBJECTS = "rudder-warehouse-load-objects"
STAGING = "rudder-warehouse-staging-logs"
# The folders that the vendor writes to, under whatever prefix.
FOLDERS = ("rudder-logs", STAGING, LOAD_OBJECTS, LAKE)
SOURCE_IN_PATH = re.compile(rf"(?:^|/)(?:rudder-logs|{STAGING}|{LOAD_OBJECTS}/[^/]+)/(?P<source>[^/]+)/")
# A lake has a folder for each namespace, which is the schema of the tables in it.
TABLE_FOLDER = re.compile(rf"(?:^|/)(?:{LOAD_OBJECTS}|{LAKE}/[^/]+)/(?P<table>[^/]+)/")
# Names of tables in the path of rows; the last one counts. Those of tables that are not typed here must
# begin a folder's or the file's name.
TABLE_IN_PATH = re.compile(
    r"(?:^|[/_.-])(?P<typed>tracks|identifies|aliases)(?=[/_.-]|$)"
    r"|(?:^|/)(?P<other>pages|screens|groups|users|rudder_discards)(?=[/_.-]|$)",
    re.IGNORECASE,
)
DATE_IN_PATH = (
    re.compile(r"/(?:dt=)?(?P<year>\d{4})([-/])(?P<month>\d\d)\2(?P<day>\d\d)/"),
    re.compile(r"/(?P<month>\d\d)-(?P<day>\d\d)-(?P<year>\d{4})/"),
)


def form_of(file: DataFile) -> str:
    """Return `json`, `ndjson`, `jsonl`, `csv` or `parquet`, `""` for a file whose name is not one of data."""
    if file.name == MANIFEST_NAME or file.name.lower().endswith(COLUMN_LIST_SUFFIX):
        return ""
    match = FILE_NAME.search(file.name)
    return match["form"].lower() if match else ""


def identity_of(full_path: str, file: DataFile) -> str:
    """Return the path from the vendor's own folder on, else from the landing root on."""
    for folder in FOLDERS:
        if f"/{folder}/" in full_path:
            return from_folder(folder)(full_path, file)
    return file.path


def order_of(file: DataFile) -> tuple[str, ...]:
    """Return what sorts files by the day in their path, then by name; files without a day come first."""
    for pattern in DATE_IN_PATH:
        match = pattern.search(f"/{file.path}")
        if match:
            return (f"{match['year']}-{match['month']}-{match['day']}", file.name)
    return ("", file.name)


def table_of(landing: Landing, identity: str, file: DataFile) -> str:
    """Return the warehouse table of a file of rows: from the vendor's folder, else any name in its path."""
    folder = TABLE_FOLDER.search(identity)
    if folder:
        return folder["table"].lower()
    # The root that a user names may be the table's folder itself, which the identity does not show.
    near = "/".join(landing.full_path(file).rsplit("/", 2)[-2:])
    for path in (identity, near):
        names = [match["typed"] or match["other"] for match in TABLE_IN_PATH.finditer(path)]
        if names:
            return names[-1].lower()
    return "tracks"


def source_of(identity: str) -> str | None:
    """Return the id of the source that a file comes from, None where the path does not say."""
    match = SOURCE_IN_PATH.search(identity)
    return match["source"] if match else None
