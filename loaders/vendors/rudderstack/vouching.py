"""The verdict of a manifest of ours on the files of its folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from loaders.exports import DataFile, Export, Status
from loaders.known import KnownFiles
from loaders.landing import Landing
from loaders.vendors.rudderstack.manifest import (
    Manifest,
    governing,
    governing_folder,
    manifest_files,
    read_manifests,
)
from loaders.vendors.rudderstack.paths import identity_of, order_of


def vouched(known: KnownFiles, files: Iterable[DataFile], exports: list[Export], vendor: str) -> list[Export]:
    """Return `exports`, one a file, as the manifests among `files` see them; without a manifest they stay.

    A manifest that is known, and speaks of nothing that is not loaded, is not read.

    Further exports stand for the files that are listed and not there, and for a manifest that cannot be
    understood and has no file to keep out.
    """
    landing = known.landing
    found = manifest_files(files)
    if not found:
        return exports
    # An export that is not resolved is new, or changed, to the manifest that speaks of it.
    changed = {governing_folder(found, export.files[0].path) for export in exports if export.resolve}
    settled = {folder for folder, file in found.items() if folder not in changed and known.settled_by(file)}
    manifests = read_manifests(landing, found, settled)
    here = {file.path for export in exports for file in export.files}
    judged = [_judged(export, governing(manifests, export.files[0].path)) for export in exports]
    governed = {id(governing(manifests, path)) for path in here}
    for manifest in manifests.values():
        for path in manifest.listed.keys() - here:
            reason = f"listed in {manifest.file.path} and not there. Loaded when it is."
            absent = _absent(landing, DataFile(path, 0, ""), vendor, Status.INCOMPLETE, reason)
            judged.append(replace(absent, known_by=(manifest.file,)))
        if manifest.fault and id(manifest) not in governed:
            judged.append(_absent(landing, manifest.file, vendor, Status.REJECTED, manifest.fault))
    return judged


def _judged(export: Export, manifest: Manifest | None) -> Export:
    if manifest is None or manifest.is_settled:
        return export
    export = replace(export, known_by=(*export.known_by, manifest.file))
    if manifest.fault:
        return replace(export, status=Status.REJECTED, reason=manifest.fault)
    (file,) = export.files
    listed = manifest.listed.get(file.path)
    if listed is None:
        return replace(
            export,
            status=Status.ORPHAN,
            reason=f"not listed in {manifest.file.path}. Loaded when it is; else remove the file.",
        )
    if listed.size is not None and listed.size != file.size:
        return replace(
            export,
            status=Status.REJECTED,
            reason=f"{file.path} has {file.size} bytes, {manifest.file.path} lists {listed.size}. "
            f"Fetch the file again.",
        )
    return replace(export, record_count=listed.records)


def _absent(landing: Landing, file: DataFile, vendor: str, status: Status, reason: str) -> Export:
    identity = identity_of(landing.full_path(file), file)
    return Export(
        vendor=vendor,
        export_id=identity,
        order=(*order_of(file), identity),
        status=status,
        reason=reason,
    )
