"""Leanplum: export jobs, complete only when the manifest is there and every file that it lists.

Files without a manifest are a partial upload, and a later job brings their sessions again. So they are
reported and left alone, as are files of a job that its manifest does not list. A CSV job waits for the
manifests of all six types; with days of grace given, for that of `sessions` only once they are over. When a
manifest arrives after all, the job's manifests are other ones, and the job is loaded anew.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from loaders.documents import read_document
from loaders.errors import ExportRejectedError, ManifestError
from loaders.exports import DataFile, Export, Options, Status
from loaders.known import KnownFiles
from loaders.landing import Landing
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.texts import some
from loaders.vendors.leanplum.csv_files import land_csv
from loaders.vendors.leanplum.jobs import CSV_TYPES, Job, find_jobs
from loaders.vendors.leanplum.json_lines import land_json
from loaders.vendors.leanplum.manifest import Listed, Manifest, parse_manifest

TABLES = ("sessions", "states", "events", "event_parameters", "user_attributes", "experiments")
# Folders are named by the day there.
EXPORT_ZONE = ZoneInfo("America/Los_Angeles")
COMPLETE_LATER = "Loaded when the upload is complete."


@dataclass(frozen=True, slots=True)
class Plan:
    """One job with the export it makes; `error` refuses it when its turn comes."""

    job: Job
    export: Export
    manifests: tuple[Manifest, ...] = ()
    error: ExportRejectedError | None = None

    @property
    def rank(self) -> int:
        """How much of the job is there: 0 for all of it."""
        if self.error:
            return 3
        return {None: 0, Status.INCOMPLETE: 1}.get(self.export.status, 2)


class Leanplum:
    """Loads every complete job; each job is one export, whichever form it is written in."""

    name = "leanplum"
    tables = tuple(f"raw_leanplum.{table}" for table in TABLES)
    looks_for = "files named export-<app>-<job>-output..."

    def __init__(self) -> None:
        self._plans: dict[str, Plan] = {}

    def discover(self, landing: Landing, ledger: Ledger, options: Options) -> list[Export]:
        """Return one export for each job, those with a missing file or manifest marked as such."""
        known = KnownFiles(landing, ledger, self.name)
        plans: dict[str, list[Plan]] = defaultdict(list)
        unknown = []
        for job in find_jobs(landing):
            entry = known.settled(job.export_id, job.manifests)
            if entry:
                plans[job.export_id].append(_settled(job, entry.digest))
            else:
                unknown.append(job)
        landing.expect(file for job in unknown for file in job.manifests)
        for job in unknown:
            plans[job.export_id].append(_plan(landing, job, options))
            landing.release(job.manifests)
        self._plans = {export_id: _choose(found) for export_id, found in plans.items()}
        return [plan.export for plan in self._plans.values()]

    def land(self, load: Load) -> None:
        """Insert the rows of an export that `discover` returned; raises ExportRejectedError."""
        plan = self._plans[load.export.export_id]
        if plan.error:
            raise plan.error
        job = plan.job
        stamps = {"app_id": job.app_id, "job_id": job.uuid, "export_date": job.date}
        files = {f"{job.folder_name}/{file.name}": file for file in load.export.files}
        if job.is_json:
            lines = land_json(load, files, stamps)
        else:
            by_type: dict[str, dict[str, DataFile]] = {kind: {} for kind in CSV_TYPES}
            for name, file in files.items():
                by_type[job.parts[file].type][name] = file
            lines = land_csv(load, by_type, stamps)
        _check_rows(plan, lines)


def _export(job: Job) -> Export:
    return Export(
        vendor=Leanplum.name,
        export_id=job.export_id,
        order=(job.folder_name, job.export_id),
        files=tuple(job.data),
        known_by=tuple(job.manifests),
    )


def _settled(job: Job, digest: str) -> Plan:
    return Plan(job, replace(_export(job), digest=digest, is_settled=True))


def _plan(landing: Landing, job: Job, options: Options) -> Plan:
    export = _export(job)
    try:
        texts = {file: read_document(landing, file) for file in job.manifests}
        if texts:
            export = replace(export, digest=hashlib.sha256(b"\0".join(texts.values())).hexdigest())
        job.check()
        manifests = tuple(parse_manifest(job, file, text) for file, text in texts.items())
    except ExportRejectedError as error:
        return Plan(job, export, error=error)
    if not manifests:
        reason = "no manifest: a partial upload. Loaded when its manifest arrives; else remove the files."
        return Plan(job, replace(export, status=Status.ORPHAN, reason=reason))
    listed = {one.name: one for manifest in manifests for one in manifest.listed}
    found = {job.find(name) for name in listed}
    files = tuple(file for file in job.data if file in found)
    missing_types = _missing_types(job)
    told = [f"no manifest of {', '.join(missing_types)}"] if missing_types else []
    is_forgiven = "sessions" not in missing_types and _is_past_grace(job, options)
    problems = ([] if is_forgiven else told) + _missing_files(job, listed)
    if problems:
        reason = f"{'; '.join(problems)}. {COMPLETE_LATER}"
        return Plan(job, replace(export, files=files, status=Status.INCOMPLETE, reason=reason))
    warnings = (
        *(f"{one}; loaded without, its days of grace are over" for one in told),
        *_unlisted(job, files),
    )
    return Plan(job, replace(export, files=files, warnings=warnings), manifests)


def _choose(plans: list[Plan]) -> Plan:
    """Return the copy of a job that is most complete, where it lies in several folders."""
    best = min(plans, key=lambda plan: plan.rank)
    complete = [plan for plan in plans if plan.rank == 0]
    if len({plan.export.digest for plan in complete}) > 1:
        folders = some([plan.job.folder or plan.job.folder_name for plan in complete])
        return replace(
            best,
            error=ManifestError(
                f"The job lies in several folders with different manifests: {folders}. Keep one of them."
            ),
        )
    return best


def _missing_types(job: Job) -> list[str]:
    present = {part.type for part in job.manifests.values()}
    return [kind for kind in CSV_TYPES if kind not in present] if job.is_csv else []


def _is_past_grace(job: Job, options: Options) -> bool:
    if options.grace_days is None or job.date is None:
        return False
    return (datetime.now(EXPORT_ZONE).date() - job.date).days > options.grace_days


def _missing_files(job: Job, listed: Mapping[str, Listed]) -> list[str]:
    found = {name: job.find(name) for name in listed}
    missing = [name for name, file in found.items() if file is None]
    problems = []
    if missing:
        there = len(found) - len(missing)
        problems.append(
            f"manifest lists {len(found)} {_files(len(found))}, {there} {'is' if there == 1 else 'are'} "
            f"there (missing {some(missing)})"
        )
    for name, file in found.items():
        # A file with another ending is compressed otherwise than the manifest knew it.
        if file and file.name == name and listed[name].size not in (None, file.size):
            problems.append(f"{name} has {file.size} bytes, the manifest says {listed[name].size}")
    return problems


def _unlisted(job: Job, files: tuple[DataFile, ...]) -> tuple[str, ...]:
    loaded = set(files)
    names = [file.name for file in (*job.data, *job.others) if file not in loaded]
    if not names:
        return ()
    return (f"{len(names)} {_files(len(names))} not in the manifest and not loaded: {some(names)}",)


def _files(count: int) -> str:
    return "file" if count == 1 else "files"


def _check_rows(plan: Plan, lines: Mapping[str, int]) -> None:
    """Raise ManifestError where a manifest counts other rows than were read."""
    by_name = {name.rpartition("/")[2]: count for name, count in lines.items()}
    for manifest in plan.manifests:
        total = 0
        for listed in manifest.listed:
            file = plan.job.find(listed.name)
            count = by_name[file.name] if file else 0
            total += count
            if listed.rows not in (None, count):
                raise _contradicted(manifest, listed.rows, listed.name, count)
        if manifest.rows not in (None, total):
            raise _contradicted(manifest, manifest.rows, "its files", total)


def _contradicted(manifest: Manifest, told: int | None, what: str, count: int) -> ManifestError:
    return ManifestError(
        f"{manifest.file.path} counts {told} rows in {what}, {count} were read. Fetch the job's files again."
    )
