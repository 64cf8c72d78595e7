"""How tests are spread over processes: those of one file, or of one shared warehouse, stay together."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

# Files by the fixture that takes long to make and that all of them read.
SHARING = {
    "demo": (
        "end_to_end/test_demo.py",
        "models/test_sampled_build.py",
        "project/test_documented_queries.py",
        "reporting/test_facts.py",
        "reporting/test_publish.py",
    ),
    "manifest": ("project/test_exposures.py", "project/test_manifest.py"),
    "told": (
        "incremental/test_interruptions.py",
        "incremental/test_operations.py",
        "incremental/test_replacement.py",
        "incremental/test_run_log.py",
    ),
    "lived": ("incremental/test_received_at.py", "incremental/test_run_limits.py"),
    "recording": (
        "lifecycle/test_examples.py",
        "lifecycle/test_properties.py",
        "lifecycle/test_recorded.py",
    ),
}
FIXTURE_OF = {f"tests/{file}": fixture for fixture, files in SHARING.items() for file in files}


class SharedFixtureScheduling(LoadFileScheduling):  # type: ignore[misc]
    """Gives a process whole files, and with one file of a shared fixture all others of it."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return FIXTURE_OF.get(file, file)
