"""A vendor with one table, whose files say what is to become of them; for tests of the loading itself."""

from __future__ import annotations

import json

from loaders.errors import ManifestError
from loaders.exports import Export, Options, Status
from loaders.fields import Field, Kind, columns, extras, projection
from loaders.landing import Landing, sha256
from loaders.ledger import Ledger
from loaders.load import Load

FIELDS = (Field("id", "id", required=True), Field("received_at", "received_at", Kind.TIME))


class FakeVendor:
    """Each folder is an export: `verdict.json`, where there is one, keeps it out; `*.ndjson` are its rows."""

    name = "fake"
    tables: tuple[str, ...] = ("raw_rudderstack.tracks",)
    looks_for = "folders"

    def discover(self, landing: Landing, ledger: Ledger, options: Options) -> list[Export]:
        files = landing.list_files()
        exports = []
        for folder in sorted({file.folder for file in files}):
            mine = tuple(file for file in files if file.folder == folder)
            rows = tuple(file for file in mine if file.name.endswith(".ndjson"))
            verdict = {}
            for file in mine:
                if file.name == "verdict.json":
                    with landing.open(file) as stream:
                        verdict = json.loads(stream.read())
            exports.append(
                Export(
                    vendor=self.name,
                    export_id=folder,
                    order=(folder,),
                    files=rows,
                    digest="+".join(sha256(landing, file) for file in rows),
                    status=Status(verdict["status"]) if verdict else None,
                    reason=verdict.get("reason", ""),
                )
            )
        return exports

    def land(self, load: Load) -> None:
        load.read_lines({file.path: file for file in load.export.files})
        load.parse_objects(FIELDS)
        load.reject_bad_records()
        load.insert(
            self.tables[0],
            f"{columns(FIELDS)}, extras",
            f"SELECT {projection(FIELDS)}, {extras(FIELDS)}, file, line FROM landing_records "
            "WHERE reason IS NULL",
        )
        row = load.connection.execute(
            "SELECT count(*) FROM landing_records WHERE contains(text, 'contradicts the manifest')"
        ).fetchone()
        if row and row[0]:
            raise ManifestError("the manifest lists other rows")
        load.connection.execute(
            "SELECT error(text) FROM landing_records WHERE contains(text, 'surprises the database')"
        ).fetchall()
