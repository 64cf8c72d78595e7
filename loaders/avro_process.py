"""The bulk decoder in a process of its own, which may end early, crash, or be ended when it is stuck."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

import pyarrow as pa

# No batch takes a hundredth of it, on a busy machine either.
PATIENCE_SECONDS = 60.0


def decoded_texts(path: Path, rows: int) -> Iterator[pa.Array]:
    """Yield the records of an Avro file as arrays of at most `rows` JSON texts, in the file's order.

    Ends without an error where the decoder ends: whoever needs all records has to count them.
    """
    with _decoder(path, rows) as process:
        batches = _batches(process)
        while (batch := next(batches, None)) is not None:
            yield batch.column("text")


def _batches(process: subprocess.Popen[bytes]) -> Iterator[pa.RecordBatch]:
    try:
        with _patience(process):
            reader = pa.ipc.open_stream(process.stdout)
        while True:
            with _patience(process):
                batch = reader.read_next_batch()
            yield batch
    except (StopIteration, OSError, pa.ArrowException):
        return


@contextmanager
def _decoder(path: Path, rows: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        # Nothing that lies in the working folder is imported; all that can be imported here can be there.
        [sys.executable, "-P", "-m", "loaders.avro_bulk", str(path.resolve()), str(rows)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    try:
        yield process
    finally:
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        process.wait()


@contextmanager
def _patience(process: subprocess.Popen[bytes]) -> Iterator[None]:
    timer = Timer(PATIENCE_SECONDS, process.kill)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
