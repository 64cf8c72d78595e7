"""A MariaDB server of this benchmark's own, in a folder, reached through a socket file alone."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError

# The server, what makes its folder, and what that needs in turn.
PROGRAMS = ("mariadbd", "mariadb-install-db", "my_print_defaults")
LONGEST_START_SECONDS = 60
LONGEST_STOP_SECONDS = 60


def why_not() -> str:
    """Return why MariaDB cannot be measured here, `""` where it can."""
    missing = [name for name in PROGRAMS if not _program(name)]
    if missing:
        return f"no {', no '.join(missing)}: install mariadb-server"
    try:
        import pymysql  # noqa: F401, PLC0415
    except ImportError:
        return "no driver: .venv/bin/pip install -c constraints.txt -e '.[bench]'"
    return ""


@contextmanager
def database() -> Iterator[Any]:
    """Start a server with one empty database, yield a connection to it, and stop the server.

    Raises BenchmarkError where the server does not start.
    """
    # A socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        _install(folder)
        command = [
            _program("mariadbd") or "",
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            f"--socket={folder / 'socket'}",
            f"--pid-file={folder / 'pid'}",
            "--skip-networking",
            "--user=root",
        ]
        with (
            (folder / "server.log").open("w") as log,
            subprocess.Popen(command, stdout=log, stderr=log) as server,
        ):
            try:
                connection = _connect(folder, server)
                yield connection
                connection.close()
            finally:
                _stop(server)


def _program(name: str) -> str | None:
    return shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def _install(folder: Path) -> None:
    done = subprocess.run(
        [
            _program("mariadb-install-db") or "",
            "--no-defaults",
            f"--datadir={folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--user=root",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BenchmarkError(f"mariadb-install-db ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _connect(folder: Path, server: subprocess.Popen[bytes]) -> Any:
    import pymysql  # noqa: PLC0415 - an optional package.

    give_up_at = time.monotonic() + LONGEST_START_SECONDS
    while time.monotonic() < give_up_at and server.poll() is None:
        try:
            connection = pymysql.connect(unix_socket=str(folder / "socket"), user="root", charset="utf8mb4")
        except pymysql.OperationalError:
            time.sleep(0.2)
            continue
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE bench CHARACTER SET utf8mb4")
        connection.select_db("bench")
        return connection
    raise BenchmarkError(f"MariaDB did not start:\n{(folder / 'server.log').read_text()[-2000:]}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(LONGEST_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
