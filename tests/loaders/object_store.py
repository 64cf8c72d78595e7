"""S3 on this machine: moto behind HTTP, with a place in between where answers can be spoilt."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3.session
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

ACCESS_KEY = "AKIATESTACCESSKEY"
SECRET_KEY = "test-secret-key"
SESSION_TOKEN = "test-session-token"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": ACCESS_KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    "AWS_SESSION_TOKEN": SESSION_TOKEN,
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
    "AWS_EC2_METADATA_DISABLED": "true",
}
ERROR_BODY = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"

Start = Callable[..., Any]
Answer = Iterable[bytes]


@dataclass
class Request:
    """One request for a bucket: `key` is `""` for a listing."""

    method: str
    key: str
    range: str = ""


@dataclass
class Fault:
    """What is done to the answers for keys that fit `pattern`: to the next `times`, or to all without it."""

    pattern: str
    act: Callable[[FaultyStore, Request, Callable[[], Answer], Start], Answer]
    times: int | None = None


@dataclass
class FaultyStore:
    """The WSGI application, the requests it saw, and the faults that are still to come."""

    requests: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    endpoint: str = ""

    def __post_init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Start) -> Answer:
        key = environ["PATH_INFO"].lstrip("/").partition("/")[2]
        request = Request(environ["REQUEST_METHOD"], key, environ.get("HTTP_RANGE", ""))
        with self._lock:
            if request.method != "PUT":
                self.requests.append(request)
            fault = self._next_fault(request) if request.method == "GET" else None

        def forward(start: Start = start) -> Answer:
            answer: Answer = self._moto(environ, start)
            return answer

        return fault.act(self, request, forward, start) if fault else forward()

    def _next_fault(self, request: Request) -> Fault | None:
        for fault in self.faults:
            if re.fullmatch(fault.pattern, request.key) and fault.times != 0:
                fault.times = fault.times and fault.times - 1
                return fault
        return None

    @property
    def listings(self) -> int:
        """How often a bucket was listed."""
        return sum(request.key == "" for request in self.requests)

    @property
    def read(self) -> list[str]:
        """The keys that were read, as often as they were."""
        return [request.key for request in self.requests if request.key]

    def answer_with(self, code: str, status: str, pattern: str, times: int | None = None) -> None:
        """Answer with an error; its message holds what must never be repeated."""
        body = ERROR_BODY.format(code=code, message=f"{ACCESS_KEY} {SESSION_TOKEN}").encode()

        def act(_: FaultyStore, __: Request, ___: object, start: Start) -> Answer:
            start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
            return [body]

        self.faults.append(Fault(pattern, act, times))

    def cut_bodies(self, pattern: str, keep: Callable[[bytes], bytes], times: int | None = None) -> None:
        """Send only what `keep` leaves of a body, under the length of the whole."""

        def act(_: FaultyStore, __: Request, forward: Callable[..., Answer], start: Start) -> Answer:
            whole = b"".join(forward(start))
            return [keep(whole)]

        self.faults.append(Fault(pattern, act, times))

    def cut_whole_bodies(
        self, pattern: str, keep: Callable[[bytes], bytes], times: int | None = None
    ) -> None:
        """Cut the bodies that are asked for from their first byte on; the rest of one comes whole."""

        def act(_: FaultyStore, request: Request, forward: Callable[..., Answer], start: Start) -> Answer:
            if request.range:
                return forward()
            return [keep(b"".join(forward(start)))]

        self.faults.append(Fault(pattern, act, times))

    def before_reading(self, pattern: str, do: Callable[[Request], object], times: int | None = None) -> None:
        """Do something before an answer is made."""

        def act(_: FaultyStore, request: Request, forward: Callable[..., Answer], __: Start) -> Answer:
            do(request)
            return forward()

        self.faults.append(Fault(pattern, act, times))


def client_of(store: FaultyStore) -> Any:
    """Return a client of S3 for the test's own use."""
    session = boto3.session.Session(ACCESS_KEY, SECRET_KEY, region_name="us-east-1")
    return session.client("s3", endpoint_url=store.endpoint)


class _QuietHandler(WSGIRequestHandler):
    def log(self, *_: object, **__: object) -> None:
        pass


def serving() -> Iterator[FaultyStore]:
    """Serve on a free port of this machine until the caller is done."""
    store = FaultyStore()
    server = make_server("127.0.0.1", 0, store, threaded=True, request_handler=_QuietHandler)
    store.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield store
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


@dataclass(frozen=True)
class Bucket:
    """A bucket of one test."""

    name: str
    store: FaultyStore
    client: Any

    @property
    def uri(self) -> str:
        return f"s3://{self.name}"

    def put(self, key: str, content: bytes | str = b"") -> None:
        """Put an object past HTTP, which takes a hundredth of the time."""
        body = content.encode() if isinstance(content, str) else content
        get_backend("s3")[DEFAULT_ACCOUNT_ID]["aws"].put_object(self.name, key, body)

    def upload(self, folder: Path, prefix: str = "") -> None:
        """Put every file of the folder under the prefix."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                key = f"{prefix}{path.relative_to(folder).as_posix()}"
                self.put(key, path.read_bytes())

    def forget_requests(self) -> None:
        self.store.requests.clear()
