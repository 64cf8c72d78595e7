"""Monetate's Auth API and Metadata API on this machine: as documented, and failing where a test wants it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

USER = "api-111-shop"
BASE = "/api/metadata/v1/shop/production/metadata"
TOKEN_PATH = "/api/auth/v0/refresh/"


@dataclass(frozen=True)
class Failure:
    """One answer out of the ordinary, given in place of the documented one."""

    status: int = 200
    body: bytes = b'{"meta": {"code": 0}, "data": {}}'
    headers: dict[str, str] = field(default_factory=dict)
    slow_seconds: float = 0.0
    is_cut: bool = False


@dataclass
class FakeApi:
    """What the server knows and was asked. `failures` are used up, path by path, before anything else."""

    public_key: RSAPublicKey
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    failures: dict[str, list[Failure]] = field(default_factory=dict)
    token_seconds: float = 3600
    asked: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    endpoint: str = ""

    def know(self, resource: str, id_: int, **values: Any) -> None:
        self.resources[f"{BASE}/{resource}/{id_}"] = {"id": id_, **values}

    def fail(self, path: str, *failures: Failure) -> None:
        self.failures.setdefault(path, []).extend(failures)

    def revoke(self) -> None:
        """Let every token that was given out end at once."""
        self.tokens = [f"ended-{token}" for token in self.tokens]

    @property
    def lookups(self) -> list[str]:
        """The last two parts of every address asked for a name, in order."""
        return [path.removeprefix(f"{BASE}/") for path in self.asked if path.startswith(BASE)]

    def answer(self, path: str, authorization: str) -> tuple[int, Any]:
        if path == TOKEN_PATH:
            return self._new_token(authorization)
        if authorization.removeprefix("Token ") not in self.tokens or not authorization.startswith("Token "):
            return 401, {}
        return (200, self.resources[path]) if path in self.resources else (404, {})

    def _new_token(self, authorization: str) -> tuple[int, Any]:
        scheme, _, signed = authorization.partition(" ")
        try:
            claims = jwt.decode(
                signed, self.public_key, algorithms=["RS256"], options={"require": ["iat", "username"]}
            )
        except jwt.InvalidTokenError:
            return 401, {}
        if scheme != "JWT" or claims["username"] != USER or abs(time.time() - claims["iat"]) > 60:
            return 401, {}
        self.tokens.append(f"secret-token-{len(self.tokens)}")
        lasts = self.token_seconds
        return 200, {"token": self.tokens[-1], "expires_in": lasts, "expires_at": time.time() + lasts}


@contextmanager
def serving(api: FakeApi) -> Iterator[FakeApi]:
    """Serve the API on a free port of 127.0.0.1 as long as the block runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            api.asked.append(self.path)
            waiting = api.failures.get(self.path)
            if waiting:
                self._send(waiting.pop(0))
                return
            status, data = api.answer(self.path, self.headers.get("Authorization", ""))
            envelope = {"meta": {"code": status, "errors": [], "warnings": []}, "data": data}
            self._send(Failure(status, json.dumps(envelope).encode()))

        def log_message(self, *arguments: object) -> None:
            """Keep the test's output clean."""

        def _send(self, answer: Failure) -> None:
            if answer.slow_seconds:
                time.sleep(answer.slow_seconds)
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body) + answer.is_cut))
                self.end_headers()
                self.wfile.write(answer.body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # The client did not wait for a slow answer.

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    api.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)
