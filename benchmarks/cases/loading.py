"""From exports on disk to raw tables, beside other readers and floors."""

from __future__ import annotations

from benchmarks import goals
from benchmarks.cases.loading_ahead import measure_ahead
from benchmarks.cases.loading_avro import measure_avro
from benchmarks.cases.loading_delimited import measure_delimited
from benchmarks.cases.loading_json import measure_json
from benchmarks.cases.loading_small_files import measure_small_files
from benchmarks.findings import Findings
from benchmarks.workspace import Workspace


class Loading:
    """Times `sessionhouse load`, the whole process, on large files of every kind and on many small ones."""

    name = goals.LOADING

    def measure(self, workspace: Workspace) -> Findings:
        """Return the ratios of loading; raises BenchmarkError where a peer landed something else."""
        found = Findings(self.name)
        measure_json(workspace, found)
        measure_avro(workspace, found)
        measure_delimited(workspace, found)
        measure_small_files(workspace, found)
        measure_ahead(workspace, found)
        return found
