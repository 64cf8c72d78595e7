"""Documents that are read as a whole, such as manifests: bounded in size, and plain JSON or nothing."""

from __future__ import annotations

import json
import re
from typing import Any

from loaders.errors import ManifestError
from loaders.exports import DataFile
from loaders.landing import Landing
from loaders.limits import MANIFEST_BYTES
from loaders.lines import read_bytes
from loaders.nesting import is_deeper

# Half of a character; only then is a whole document worth encoding to see whether the other half follows.
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
DOCUMENT_LEVELS = 100


def read_document(landing: Landing, file: DataFile) -> bytes:
    """Return the file's content, decompressed.

    Raises ManifestError for a file longer than the limit, DamagedFileError for one that is not whole.
    """
    limit = MANIFEST_BYTES.value
    content = bytearray()
    for chunk in read_bytes(landing, file):
        content += chunk
        if len(content) > limit:
            raise ManifestError(
                f"{file.path} is longer than {limit:,} bytes, which no manifest is. {MANIFEST_BYTES.remedy}"
            )
    return bytes(content)


def parse_json(content: bytes, **options: Any) -> Any:
    """Return what the JSON text says, read with `options` of `json.loads`.

    Raises ValueError for a text that is no JSON, is nested deeper than DOCUMENT_LEVELS, or holds NaN,
    Infinity or half a character.
    """
    if is_deeper(content, DOCUMENT_LEVELS):
        raise ValueError(f"it is nested more than {DOCUMENT_LEVELS} levels deep")
    document = json.loads(content.decode("utf-8-sig"), parse_constant=_refuse, **options)
    if SURROGATE.search(content):
        json.dumps(document, ensure_ascii=False).encode("utf-8")
    return document


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no number of JSON")
