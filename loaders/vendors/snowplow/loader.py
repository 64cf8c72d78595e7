"""Snowplow: run folders of a transformer, files of enriched events, and exports of the warehouse table.

A run folder is vouched for by its completion file and refused without one. Nothing vouches for a single
file but its own form: the gzip checksum, 131 fields in each TSV line, the column names of an export.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from loaders.errors import ChangedFileError, ManifestError
from loaders.exports import DataFile, Export, Options, Status
from loaders.known import KnownFiles
from loaders.landing import Landing, sha256
from loaders.ledger import Ledger
from loaders.load import Load
from loaders.single_files import SingleFiles
from loaders.vendors.snowplow.events import land_atomic, land_columns, land_enriched, land_objects
from loaders.vendors.snowplow.runs import (
    COMPLETION_NAME,
    DIGEST_CHARACTERS,
    Completion,
    Part,
    RunFolder,
    RunForm,
    find_runs,
    holds_objects,
    is_temporary,
    read_completion,
)

COLUMNS_NAME = re.compile(r".*\.(?P<form>csv|parquet)(?:\.gz)?", re.IGNORECASE)
# Older loaders wrote LZO, and archives are packed by hand: such a file is told of, not passed over.
ENRICHED_NAME = re.compile(r".*\.(?:tsv|gz|lzo|bz2|zst)|part-.*", re.IGNORECASE)
OBJECTS_NAME = re.compile(r".*\.(?:json|ndjson|jsonl)(?:\.gz)?", re.IGNORECASE)
TIME_IN_NAME = re.compile(r"\d{4}-\d\d-\d\d-\d{6}(?=-)")
DATA_PARTS = {
    RunForm.SHREDDED: Part.ATOMIC,
    RunForm.WIDE_JSON: Part.WIDE_ROWS,
    RunForm.WIDE_PARQUET: Part.WIDE_ROWS,
}
UNLOADED = {
    Part.BAD_ROWS: "of bad rows, which the transformer refused",
    Part.ENTITIES: "of shredded entities, which have no table here",
    Part.OTHER: "of unknown purpose",
}


class Snowplow:
    """Loads every finished run folder and every file of events outside run folders."""

    name = "snowplow"
    tables: tuple[str, ...] = ("raw_snowplow.events",)
    looks_for = "run=<time> folders, and files that end in .tsv, .gz, .csv or .parquet or begin with part-"

    def __init__(self) -> None:
        self._files = SingleFiles(vendor=self.name, identity=_identity, order=_order, replaces=False)

    def discover(self, landing: Landing, ledger: Ledger, options: Options) -> list[Export]:
        """Return one export for each run folder and for each file of events outside of one."""
        runs, outside = find_runs(landing, landing.list_files())
        single = [file for file in outside if _form(file)]
        found = self._files.discover(landing, ledger, single)
        return _run_exports(landing, ledger, runs) + [_described(export) for export in found]

    def land(self, load: Load) -> None:
        """Insert the export's events; raises ManifestError or DamagedFileError for one that is not sound."""
        if not load.export.identity:
            _land_run(load)
            return
        (file,) = load.export.files
        form = _form(file)
        if form == "tsv":
            land_enriched(load, load.single_files)
        else:
            land_columns(load, load.export.identity, file, form)


def _land_run(load: Load) -> None:
    (run,), _ = find_runs(load.landing, load.export.files)
    if run.completion is None:
        raise ManifestError(f"{run.name} has no {COMPLETION_NAME}.")
    completion = read_completion(load.landing, run.completion)
    part = DATA_PARTS[completion.form]
    files = run.select(part)
    _check_files(run, completion, part)
    match completion.form:
        case RunForm.SHREDDED:
            _land_shredded(load, files)
        case RunForm.WIDE_JSON:
            land_objects(load, files)
        case RunForm.WIDE_PARQUET:
            for name, file in files.items():
                land_columns(load, name, file, "parquet")
    if completion.good is not None and completion.good != load.lines:
        raise ManifestError(
            f"{run.name}: {COMPLETION_NAME} counts {completion.good} good events, the files hold "
            f"{load.lines}. Fetch the run folder again."
        )


def _land_shredded(load: Load, files: dict[str, DataFile]) -> None:
    objects = {name: file for name, file in files.items() if holds_objects(name)}
    lines = {name: file for name, file in files.items() if name not in objects}
    if lines:
        land_atomic(load, lines)
    if objects:
        land_objects(load, objects)


def _check_files(run: RunFolder, completion: Completion, part: Part) -> None:
    if completion.run_name not in ("", run.name):
        raise ManifestError(
            f"{run.name}: {COMPLETION_NAME} is that of {completion.run_name}. Fetch the run folder again."
        )
    other = Part.WIDE_ROWS if part is Part.ATOMIC else Part.ATOMIC
    contrary = run.select(other)
    if contrary:
        raise ManifestError(
            f"{run.name}: {COMPLETION_NAME} tells of {completion.form.value} data, but there are "
            f"{other.value} in {min(contrary)}. Fetch the run folder again."
        )
    if completion.has_events and not run.select(part):
        raise ManifestError(
            f"{run.name}: {COMPLETION_NAME} tells of events, but there is no file of {part.value}. "
            f"Fetch the run folder again."
        )


def _run_exports(landing: Landing, ledger: Ledger, runs: list[RunFolder]) -> list[Export]:
    """Name each run so that two of one name stay apart and a moved one is still known."""
    taken: set[str] = set()
    named: dict[tuple[str, str], str] = {}
    for entry in ledger.entries(Snowplow.name):
        if entry.status is Status.LOADED:
            taken.add(entry.export_id)
            run_name = entry.export_id.split("/")[-1].split("@")[0]
            named.setdefault((run_name, entry.digest[:DIGEST_CHARACTERS]), entry.export_id)
    exports = []
    completions = _completions(landing, ledger, runs)
    # Finished runs choose first: an unfinished one must not hide behind the name of a loaded one.
    for run in sorted(runs, key=lambda run: run.completion is None):
        told = completions.get(run.path, _Completed(reason=f"no {COMPLETION_NAME}: the run is not finished"))
        export_id = named.get((run.name, told.digest)) or _run_id(run, told.digest, taken)
        taken.add(export_id)
        if told.digest:
            named.setdefault((run.name, told.digest), export_id)
        exports.append(_run_export(run, export_id, told))
    return exports


@dataclass(frozen=True, slots=True)
class _Completed:
    """The digest of a run's completion file, or the reason why there is none to trust."""

    digest: str = ""
    reason: str = ""


def _completions(landing: Landing, ledger: Ledger, runs: list[RunFolder]) -> dict[str, _Completed]:
    """Return what the completion files say, by the path of their run; a known one is not read."""
    known = KnownFiles(landing, ledger, Snowplow.name)
    completions: dict[str, _Completed] = {}
    unknown: dict[str, DataFile] = {}
    for run in runs:
        if run.completion is None:
            continue
        settled = known.settled_by(run.completion)
        if settled:
            completions[run.path] = _Completed(settled[0].digest[:DIGEST_CHARACTERS])
        else:
            unknown[run.path] = run.completion
    landing.expect(unknown.values())
    for path, file in unknown.items():
        try:
            completions[path] = _Completed(sha256(landing, file)[:DIGEST_CHARACTERS])
        except ChangedFileError as error:
            completions[path] = _Completed(reason=str(error))
    return completions


def _run_id(run: RunFolder, digest: str, taken: set[str]) -> str:
    named = (run.name, f"{run.parent}/{run.name}", f"{run.parent}/{run.name}@{digest[:12] or run.path}")
    return next((name for name in named if name not in taken), named[-1])


def _run_export(run: RunFolder, export_id: str, told: _Completed) -> Export:
    kept = (Part.COMPLETION, Part.ATOMIC, Part.WIDE_ROWS)
    counts = {part: len(run.select(part)) for part in UNLOADED}
    return Export(
        vendor=Snowplow.name,
        export_id=export_id,
        order=(run.time, run.path, export_id),
        files=tuple(file for part in kept for file in run.select(part).values()),
        digest=run.digest(told.digest) if told.digest else "",
        status=Status.INCOMPLETE if told.reason else None,
        reason=told.reason,
        warnings=tuple(
            f"{count} {'file' if count == 1 else 'files'} {UNLOADED[part]}, not loaded"
            for part, count in counts.items()
            if count
        ),
        known_by=(run.completion,) if run.completion else (),
    )


def _described(export: Export) -> Export:
    (file,) = export.files
    return replace(export, alike="tsv") if _form(file) == "tsv" else export


def _form(file: DataFile) -> str:
    """Return `csv`, `parquet` or `tsv`, `""` for a file that holds no events by its name."""
    if is_temporary(file.path):
        return ""
    columns = COLUMNS_NAME.fullmatch(file.name)
    if columns:
        return columns["form"].lower()
    if OBJECTS_NAME.fullmatch(file.name) or not ENRICHED_NAME.fullmatch(file.name):
        return ""
    return "tsv"


def _identity(_: str, file: DataFile) -> str:
    return file.path


def _order(file: DataFile) -> tuple[str | int, ...]:
    match = TIME_IN_NAME.match(file.name)
    return (match[0].replace("-", "") if match else "", file.path)
