"""Google Cloud Storage and Azure Blob Storage, through fsspec and an extra of this package."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from loaders.errors import ChangedFileError, LandingError, UsageError
from loaders.landing.place import CHUNK_BYTES
from loaders.landing.store import Body, BodyCutError, StoredObject

# What file systems call the value that changes with the content, the surest first.
VERSION_KEYS = ("generation", "etag", "ETag", "last_modified", "mtime", "created")
NO_CREDENTIALS = (
    "DefaultCredentialsError",
    "RefreshError",
    "ClientAuthenticationError",
    "CredentialUnavailableError",
)
SETTINGS = {
    "gs": "Set GOOGLE_APPLICATION_CREDENTIALS, or log in with gcloud.",
    "az": "Set AZURE_STORAGE_ACCOUNT_NAME, and AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN.",
}


def open_store(scheme: str, bucket: str, extra: str) -> FileSystemStore:
    """Return the bucket; raises UsageError where the extra is missing, LandingError for wrong settings."""
    try:
        import fsspec  # noqa: PLC0415

        system = fsspec.filesystem(scheme, skip_instance_cache=True, use_listings_cache=False)
    except ImportError as error:
        raise UsageError(
            f"{scheme}:// needs the extra {extra!r}. Install it with: pip install 'sessionhouse[{extra}]'"
        ) from error
    except Exception as error:
        raise _explained(error, scheme, f"{scheme}://{bucket}") from error
    return FileSystemStore(system, scheme, bucket)


class FileSystemStore:
    """One bucket of an fsspec file system."""

    def __init__(self, system: Any, scheme: str, bucket: str) -> None:
        self.bucket = bucket
        self.uri = f"{scheme}://{bucket}"
        self.place = self.uri
        self._system = system
        self._scheme = scheme

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield every object below `prefix`; raises LandingError."""
        with self._own_errors(self.uri):
            found: dict[str, Any] = self._system.find(f"{self.bucket}/{prefix}".rstrip("/"), detail=True)
        for path, about in found.items():
            stored = self._stored(path, about)
            # A system that is asked for a folder may answer with the one file of that name.
            if stored.key.startswith(prefix):
                yield stored

    def find(self, key: str) -> StoredObject | None:
        """Return the object with exactly this key."""
        with self._own_errors(self.uri):
            try:
                about = self._system.info(f"{self.bucket}/{key}")
            except FileNotFoundError:
                return None
        return self._stored(about["name"], about) if about["type"] == "file" else None

    def read(self, stored: StoredObject, start: int) -> Body:
        """Begin to read the object; whether it is the listed version, `confirm` tells afterwards."""
        return Body(chunks=self._chunks(stored, start), start=start, md5=stored.md5)

    def confirm(self, stored: StoredObject) -> None:
        """Raise ChangedFileError where the object is another one by now."""
        found = self.find(stored.key)
        if found is None or (found.size, found.version) != (stored.size, stored.version):
            raise ChangedFileError.of(f"{self.uri}/{stored.key}")

    def _chunks(self, stored: StoredObject, start: int) -> Iterator[bytes]:
        where = f"{self.uri}/{stored.key}"
        with self._own_errors(where), self._system.open(f"{self.bucket}/{stored.key}", "rb") as stream:
            stream.seek(start)
            while chunk := stream.read(CHUNK_BYTES):
                yield chunk

    def _stored(self, path: str, about: dict[str, Any]) -> StoredObject:
        version = next((about[key] for key in VERSION_KEYS if about.get(key) is not None), None)
        if version is None:
            raise LandingError(f"{self.uri} does not tell when its objects change, so they cannot be loaded.")
        return StoredObject(
            key=path.lstrip("/").removeprefix(f"{self.bucket}/"),
            size=int(about["size"]),
            version=str(version).strip('"'),
            md5=_md5(about),
        )

    @contextmanager
    def _own_errors(self, where: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            if where == self.uri:
                raise LandingError(
                    f"There is no bucket {self.uri}, or nothing in it. Check its name."
                ) from error
            raise ChangedFileError.of(where) from error
        except PermissionError as error:
            raise LandingError(f"No permission to read {where}. Give the credentials that right.") from error
        except Exception as error:
            # Each system has errors of its own, and their texts may hold keys and signed URLs.
            explained = _explained(error, self._scheme, where)
            if where == self.uri or type(error).__name__ in NO_CREDENTIALS:
                raise explained from error
            raise BodyCutError(f"its connection broke ({type(error).__name__})") from error


def _explained(error: Exception, scheme: str, where: str) -> LandingError:
    if isinstance(error, LandingError):
        return error
    name = type(error).__name__
    if isinstance(error, (TimeoutError, ConnectionError)):
        return LandingError(f"The service of {where} cannot be reached ({name}). Check the network.")
    if name in NO_CREDENTIALS:
        return LandingError(f"There are no valid credentials for {where}. {SETTINGS[scheme]}")
    return LandingError(f"{where} cannot be read ({name}). {SETTINGS[scheme]}")


def _md5(about: dict[str, Any]) -> str | None:
    settings = about.get("content_settings") or {}
    told = about.get("md5Hash") or settings.get("content_md5")
    if isinstance(told, str):
        return base64.b64decode(told).hex()
    return bytes(told).hex() if told else None
