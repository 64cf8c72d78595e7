"""Writes what Leanplum uploads for one job: data files and manifests in a folder named by the day."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

APP = "4842631999258612"
UUID = "37e812c0-d66e-48a2-8812-27ee12d58b58"
OTHER_UUID = "60c43e66-0bfb-4a53-9f5c-1b0e2d6a7c11"
DAY = "20190508"
CSV_ROWS = {
    "sessions": ["sessionId,userId,start,isSession", "1,ada,1.591474962721E9,true"],
    "states": ["stateId,sessionId,stateName,start,duration,info,timeUntilFirstForUser"],
    "events": ["eventId,stateId,sessionId,eventName,start,value,info,timeUntilFirstForUser"],
    "eventparameters": ["eventId,name,value"],
    "userattributes": ["sessionId,name,value"],
    "experiments": ["experimentId,sessionId,variantId"],
}


def session(session_id: str, **values: Any) -> dict[str, Any]:
    return {"sessionId": session_id, "userId": "ada", "time": "1.591474962721E9", "isSession": True, **values}


def lines(*sessions: dict[str, Any]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in sessions).encode()


@dataclass(frozen=True)
class JobFiles:
    """One job's files below `root`."""

    root: Path
    uuid: str = UUID
    day: str = DAY

    @property
    def export_id(self) -> str:
        return f"{APP}-{self.uuid}"

    def name(self, part: str) -> str:
        return f"export-{APP}-{self.uuid}-{part}"

    def write(self, part: str, content: bytes) -> Path:
        path = self.root / self.day / self.name(part)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def manifest(self, document: Any, kind: str = "") -> Path:
        return self.write(f"output{kind}-manifest", json.dumps(document).encode())

    def write_json(self, *shards: bytes) -> None:
        """Write the shards and a manifest that lists them all."""
        for number, shard in enumerate(shards):
            self.write(f"output-{number}", shard)
        self.manifest(
            {"files": [f"{self.day}/{self.name(f'output-{number}')}" for number in range(len(shards))]}
        )

    def write_csv(self, **changed: bytes | None) -> None:
        """Write one file of each type and the six manifests; `changed` has other content, None no file."""
        for kind, rows in CSV_ROWS.items():
            content = changed.get(kind, "\n".join((*rows, "")).encode())
            if content is not None:
                self.write(f"output{kind}-0", content)
            self.manifest([self.name(f"output{kind}-0")] if content is not None else [], kind)
