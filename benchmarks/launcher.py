"""Runs one command and writes what it used as JSON to a file: seconds, peak memory, exit code.

A process of its own, and a small one: on Linux a process inherits the peak of the one that starts it, so
that a benchmark that has just held tables in memory would be told its own size.
Usage: launcher.py REPORT LIMIT_SECONDS COMMAND...
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

# On Linux the kernel counts the peak in KiB, elsewhere in bytes.
UNIT = 1024 if sys.platform == "linux" else 1


def main() -> None:
    """Run the command; it is killed after the limit."""
    report, limit, *command = sys.argv[1:]
    started = time.perf_counter()
    process = subprocess.Popen(command)
    watchdog = threading.Timer(float(limit), process.send_signal, [signal.SIGKILL])
    watchdog.daemon = True
    watchdog.start()
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    watchdog.cancel()
    process.returncode = os.waitstatus_to_exitcode(status)
    told = {"seconds": seconds, "peak_bytes": used.ru_maxrss * UNIT, "code": process.returncode}
    with open(report, "w", encoding="utf-8") as stream:  # noqa: PTH123 - pathlib would add to the memory.
        json.dump(told, stream)


if __name__ == "__main__":
    main()
