from __future__ import annotations

from benchmarks.full_path import Step, table


def test_the_table_shows_shares_of_the_whole_and_rates_where_rows_are_known() -> None:
    lines = table([Step("load", 3.0, 6_000), Step("build", 1.0)]).splitlines()
    assert lines[1].split() == ["load", "3.00", "75.0%", "2,000"]
    assert lines[2].split() == ["build", "1.00", "25.0%"]
