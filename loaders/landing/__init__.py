"""Landing places: where exports lie. Nothing else in the package lists or opens export files."""

from __future__ import annotations

from loaders.landing.folder import FolderLanding
from loaders.landing.opening import CacheSettings, open_landing
from loaders.landing.place import CHUNK_BYTES, Landing, sha256

__all__ = ["CHUNK_BYTES", "CacheSettings", "FolderLanding", "Landing", "open_landing", "sha256"]
