"""A store that speaks as much of S3 as a load asks for, from a folder, and sends so many bytes a second.

Runs as a process of its own, on the loopback interface alone: `python -m benchmarks.peers.paced_store`.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from benchmarks.errors import BenchmarkError
from benchmarks.timing import ROOT

BUCKET = "bench"
CHUNK_BYTES = 64 << 10
# As many as S3 lists in one answer; this store answers once.
MOST_FILES = 1000
LONGEST_SECONDS = 3600
LONGEST_STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class PacedStore:
    """A store that runs: where it listens, and the URI of what it holds."""

    endpoint: str
    uri: str

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which boto3 finds the store."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def address(self, key: str) -> str:
        """Return the address of one object."""
        return f"{self.endpoint}/{BUCKET}/{quote(key)}"


@contextmanager
def serving(folder: Path, bytes_a_second: int) -> Iterator[PacedStore]:
    """Start a store with the files of the folder, yield it, and stop it.

    Raises BenchmarkError where it does not start.
    """
    command = [sys.executable, "-m", "benchmarks.peers.paced_store", str(folder), str(bytes_a_second)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = server.stdout.readline().strip() if server.stdout else ""
            if not port:
                raise BenchmarkError(f"The store for {folder} did not start.")
            yield PacedStore(f"http://127.0.0.1:{port}", f"s3://{BUCKET}")
        finally:
            server.terminate()
            server.wait(LONGEST_STOP_SECONDS)


class _Pace:
    """Lets so many bytes a second through, whoever sends them."""

    def __init__(self, bytes_a_second: int) -> None:
        self._seconds_a_byte = 1 / bytes_a_second
        self._free_at = 0.0
        self._lock = threading.Lock()

    def wait(self, size: int) -> None:
        """Return when these bytes may be sent."""
        with self._lock:
            begins = max(time.monotonic(), self._free_at)
            self._free_at = begins + size * self._seconds_a_byte
        time.sleep(max(0.0, self._free_at - time.monotonic()))


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path, bytes_a_second: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder = folder
        self.pace = _Pace(bytes_a_second)

    @cached_property
    def versions(self) -> dict[str, str]:
        """The MD5 of every file by its key."""
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        if len(paths) > MOST_FILES:
            raise BenchmarkError(f"{self.folder} has {len(paths):,} files; the store lists {MOST_FILES:,}.")
        return {
            path.relative_to(self.folder).as_posix(): hashlib.md5(
                path.read_bytes(), usedforsecurity=False
            ).hexdigest()
            for path in paths
        }


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the list of objects, or with one of them."""
        asked = urlsplit(self.path)
        key = unquote(asked.path).lstrip("/").partition("/")[2]
        if not key:
            self._list(parse_qs(asked.query).get("prefix", [""])[0])
        elif key in self.server.versions:
            self._send(key)
        else:
            self.send_error(404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: a run of the benchmarks tells what it does itself."""

    def _list(self, prefix: str) -> None:
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><ETag>&quot;{version}&quot;</ETag>"
            f"<Size>{(self.server.folder / key).stat().st_size}</Size></Contents>"
            for key, version in self.server.versions.items()
            if key.startswith(prefix)
        )
        body = f"<?xml version='1.0'?><ListBucketResult>{contents}</ListBucketResult>".encode()
        self._begin(len(body), "application/xml")
        self.wfile.write(body)

    def _send(self, key: str) -> None:
        path = self.server.folder / key
        self._begin(path.stat().st_size, "application/octet-stream", self.server.versions[key])
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                self.server.pace.wait(len(chunk))
                self.wfile.write(chunk)

    def _begin(self, size: int, kind: str, version: str = "") -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(size))
        if version:
            self.send_header("ETag", f'"{version}"')
        self.end_headers()


def main(folder: str, bytes_a_second: str) -> None:
    """Serve until somebody ends the process, an hour at most; the first line of output is the port."""
    with _Server(Path(folder), int(bytes_a_second)) as server:
        # Before anybody is timed.
        _ = server.versions
        print(server.server_port, flush=True)
        threading.Timer(LONGEST_SECONDS, server.shutdown).start()
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
