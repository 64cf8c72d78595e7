"""S3 and everything that speaks its protocol, through boto3.

The endpoint (`AWS_ENDPOINT_URL_S3`), region and credentials are those that boto3 finds by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import boto3.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from loaders.errors import ChangedFileError
from loaders.landing.ahead import THREADS
from loaders.landing.place import CHUNK_BYTES
from loaders.landing.s3_errors import explained
from loaders.landing.store import Body, BodyCutError, StoredObject

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CONNECT_SECONDS = 10
READ_SECONDS = 60
BROKEN_BODY = (FlexibleChecksumError, IncompleteReadError, ReadTimeoutError, ResponseStreamingError, OSError)
# Under these keys the ETag is no digest of the content, though it may look like one.
ENCRYPTED_WITHOUT_DIGEST = ("aws:kms", "aws:kms:dsse")


class S3Store:
    """One bucket. Raises LandingError where the environment does not name a usable profile or endpoint."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self.uri = f"s3://{bucket}"
        with self._own_errors():
            self._client = _client()
        self.place = f"{self._client.meta.endpoint_url}/{bucket}"

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yield every object below `prefix`, a thousand a request; raises LandingError."""
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        with self._own_errors():
            for page in pages:
                yield from map(_stored, page.get("Contents", ()))

    def find(self, key: str) -> StoredObject | None:
        """Return the object with exactly this key, which comes first of all that begin with it."""
        with self._own_errors():
            page = self._client.list_objects_v2(Bucket=self.bucket, Prefix=key, MaxKeys=1)
        found = [_stored(listed) for listed in page.get("Contents", ())]
        return next((stored for stored in found if stored.key == key), None)

    def read(self, stored: StoredObject, start: int) -> Body:
        """Begin to read the object, and only that version of it."""
        asked: dict[str, Any] = {"Range": f"bytes={start}-"} if start else {}
        with self._own_errors(stored.key):
            answer = self._client.get_object(
                Bucket=self.bucket, Key=stored.key, IfMatch=f'"{stored.version}"', **asked
            )
        if answer["ETag"].strip('"') != stored.version:
            raise ChangedFileError.of(f"{self.uri}/{stored.key}")
        is_partial = answer["ResponseMetadata"]["HTTPStatusCode"] == 206
        is_digest = (
            answer.get("ServerSideEncryption") not in ENCRYPTED_WITHOUT_DIGEST
            and "SSECustomerAlgorithm" not in answer
        )
        return Body(
            chunks=self._chunks(answer["Body"]),
            start=start if is_partial else 0,
            md5=stored.likely_md5 if is_digest else None,
        )

    def confirm(self, stored: StoredObject) -> None:
        """Do nothing: the request named the version."""

    def _chunks(self, stream: Any) -> Iterator[bytes]:
        with closing(stream):
            try:
                while chunk := stream.read(CHUNK_BYTES):
                    yield chunk
            except BROKEN_BODY as error:
                raise BodyCutError(f"its connection broke ({type(error).__name__})") from error

    @contextmanager
    def _own_errors(self, key: str = "") -> Iterator[None]:
        try:
            yield
        except (BotoCoreError, ClientError, ValueError) as error:
            raise explained(error, self.uri, key) from error


def _client() -> S3Client:
    # A session of its own: the default one is shared by the process, and not made for threads.
    session = boto3.session.Session()
    return session.client(
        "s3",
        config=Config(
            retries={"mode": "standard"},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=THREADS + 2,
        ),
    )


def _stored(listed: Any) -> StoredObject:
    return StoredObject(key=listed["Key"], size=listed["Size"], version=listed["ETag"].strip('"'))
