"""Leanplum export jobs: the names of their files, and which files of a landing place belong together.

A job writes into a folder named by the day it began (`YYYYMMDD`). JSON jobs write `...-output-<shard>`
and one manifest, CSV jobs `...-output<type>-<shard>` and one manifest for each type.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime

from loaders.errors import ManifestError
from loaders.exports import DataFile
from loaders.landing import Landing

JSON_TYPE = ""
CSV_TYPES = ("sessions", "states", "events", "eventparameters", "userattributes", "experiments")
JOB_NAME = re.compile(
    r"export-(?P<app_id>-?\d+)-(?P<uuid>[0-9a-f-]{36})-(?P<part>output.*)", re.ASCII | re.IGNORECASE
)
PART_NAME = re.compile(
    rf"output(?P<type>{'|'.join(CSV_TYPES)}|)-(?P<shard>\d+|manifest)(?:\.(?:json|csv))?(?:\.gz)?", re.ASCII
)
DATE_FOLDER = re.compile(r"\d{8}", re.ASCII)
MANIFEST = "manifest"


@dataclass(frozen=True, slots=True)
class PartName:
    """What a file name tells: whose job, which type (`""` in JSON jobs), which shard or the manifest.

    Two names with equal parts name the same content; their endings may differ.
    """

    app_id: str
    uuid: str
    type: str
    shard: str

    @property
    def is_manifest(self) -> bool:
        """Whether this is a manifest, not data."""
        return self.shard == MANIFEST


@dataclass(frozen=True, slots=True)
class Job:
    """The files of one job in one folder: `parts` by what they are, `others` that fit no name of a part."""

    app_id: str
    uuid: str
    folder: str
    folder_name: str
    parts: dict[DataFile, PartName] = field(default_factory=dict)
    others: list[DataFile] = field(default_factory=list)

    @property
    def export_id(self) -> str:
        """The job's id in the ledger."""
        return f"{self.app_id}-{self.uuid}"

    @property
    def date(self) -> date | None:
        """The day the folder is named by, None for a folder with another name."""
        if not DATE_FOLDER.fullmatch(self.folder_name):
            return None
        try:
            return datetime.strptime(self.folder_name, "%Y%m%d").date()
        except ValueError:
            return None

    @property
    def is_json(self) -> bool:
        """Whether the job has files of the JSON form."""
        return any(part.type == JSON_TYPE for part in self.parts.values())

    @property
    def is_csv(self) -> bool:
        """Whether the job has files of the CSV form."""
        return any(part.type != JSON_TYPE for part in self.parts.values())

    @property
    def manifests(self) -> dict[DataFile, PartName]:
        """The manifests, in the order of their names."""
        return {file: part for file, part in self.parts.items() if part.is_manifest}

    @property
    def data(self) -> dict[DataFile, PartName]:
        """The data files, types in the order of CSV_TYPES and shards by number."""
        data = [(file, part) for file, part in self.parts.items() if not part.is_manifest]
        types = (JSON_TYPE, *CSV_TYPES)
        return dict(sorted(data, key=lambda item: (types.index(item[1].type), int(item[1].shard))))

    def find(self, name: str) -> DataFile | None:
        """Return the data file of that name, else the only one with another ending, else None."""
        wanted = part_of(name)
        candidates = [file for file, part in self.parts.items() if part == wanted]
        exact = [file for file in candidates if file.name == name]
        return (exact or candidates)[0] if exact or len(candidates) == 1 else None

    def check(self) -> None:
        """Raise ManifestError for a job whose files cannot be told apart or dated."""
        if self.date is None:
            raise ManifestError(
                f"The files of the job lie in the folder {self.folder_name!r}. Leanplum uploads into folders "
                f"named YYYYMMDD by the job's day; keep that folder when copying, and load again."
            )
        if self.is_json and self.is_csv:
            raise ManifestError(
                f"The folder {self.folder_name} has both JSON and CSV files of the job, so each session "
                f"would be there twice. Remove the files of one form, and load again."
            )
        kinds = [part.type for part in self.manifests.values()]
        twice = next((file for file, part in self.manifests.items() if kinds.count(part.type) > 1), None)
        if twice:
            raise ManifestError(f"{twice.path} is there twice with different endings. Keep one of them.")


def part_of(name: str) -> PartName | None:
    """Return what the file name tells, None for a name that no job gives a part."""
    job = JOB_NAME.fullmatch(name)
    part = PART_NAME.fullmatch(job["part"]) if job else None
    return PartName(job["app_id"], job["uuid"], part["type"], part["shard"]) if job and part else None


def find_jobs(landing: Landing) -> list[Job]:
    """Return the jobs of the landing place, once for each folder that has files of them."""
    by_folder: dict[str, list[DataFile]] = defaultdict(list)
    for file in landing.list_files():
        if JOB_NAME.fullmatch(file.name):
            by_folder[file.folder].append(file)
    return [job for folder, files in by_folder.items() for job in _jobs(landing, folder, files)]


def _jobs(landing: Landing, folder: str, files: list[DataFile]) -> list[Job]:
    jobs: dict[tuple[str, str], Job] = {}
    # A landing place may be the date folder itself; then only the full path tells its name.
    path = folder or landing.full_path(files[0]).rpartition("/")[0]
    for file in files:
        name = JOB_NAME.fullmatch(file.name)
        if not name:
            continue
        key = (name["app_id"], name["uuid"])
        job = jobs.setdefault(key, Job(*key, folder, path.rpartition("/")[2]))
        part = part_of(file.name)
        if part:
            job.parts[file] = part
        else:
            job.others.append(file)
    return list(jobs.values())
