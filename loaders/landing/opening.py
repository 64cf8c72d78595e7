"""From the place that a user names to the landing that reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from loaders.errors import UsageError
from loaders.landing.folder import FolderLanding
from loaders.landing.place import Landing

DEFAULT_CACHE_BYTES = 2 << 30
# The extra of this package that reads a scheme through fsspec.
EXTRAS = {"gs": "gs", "az": "az"}
BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", re.ASCII)
SIGNED = re.compile(r"[?&](?:x-amz-|x-goog-|signature=|sig=|awsaccesskeyid=|googleaccessid=)", re.IGNORECASE)


def default_cache() -> Path:
    """Return the folder that holds downloaded files where none is named."""
    return platformdirs.user_cache_path("sessionhouse")


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """Where downloaded files lie until they are loaded (None for the user's cache), at most how many bytes.

    A file that is bigger than `limit` is downloaded alone.
    """

    folder: Path | None = None
    limit: int = DEFAULT_CACHE_BYTES


def open_landing(uri: str, cache: CacheSettings | None = None) -> Landing:
    """Return the landing place that `uri` names: a folder, a file, `s3://`, `gs://` or `az://`.

    Raises UsageError for a place that does not exist, cannot be named so, or needs an extra that is not
    installed; LandingError where its service cannot be used.
    """
    if "://" in uri:
        return _open_objects(uri, cache or CacheSettings())
    path = Path(uri)
    if not path.exists():
        raise UsageError(f"{uri} does not exist. Give the folder that holds the exports.")
    return FolderLanding(path)


def _open_objects(uri: str, cache: CacheSettings) -> Landing:
    scheme, _, rest = uri.partition("://")
    if scheme not in ("s3", *EXTRAS):
        raise UsageError(
            f"{scheme}:// is not a landing place this version can read. Give a folder of this machine, "
            f"s3://bucket/prefix, gs://bucket/prefix or az://container/prefix."
        )
    bucket, _, prefix = rest.partition("/")
    # What is refused here may hold a secret, so it is not repeated.
    if not BUCKET_NAME.fullmatch(bucket):
        raise UsageError(
            f"The part behind {scheme}:// is no name of a bucket. Give {scheme}://bucket/prefix; "
            f"endpoint and credentials come from the environment."
        )
    if SIGNED.search(prefix):
        raise UsageError(
            f"A signed URL is not a landing place. Give {scheme}://bucket/prefix; credentials come from the "
            f"environment."
        )
    # Clients of object storage take long to import, and most runs need none.
    from loaders.landing.objects import ObjectLanding  # noqa: PLC0415

    folder = cache.folder or default_cache()
    if scheme == "s3":
        from loaders.landing.s3 import S3Store  # noqa: PLC0415

        return ObjectLanding(S3Store(bucket), prefix, folder, cache.limit)
    from loaders.landing.filesystems import open_store  # noqa: PLC0415

    return ObjectLanding(open_store(scheme, bucket, EXTRAS[scheme]), prefix, folder, cache.limit)
