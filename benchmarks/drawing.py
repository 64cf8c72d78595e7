"""Numbers that look random, drawn from a thing and a salt: no order of threads changes them."""

from __future__ import annotations

import duckdb

# The outer hash parts what the inner one leaves alike between salts.
MACROS = (
    "CREATE OR REPLACE TEMP MACRO drawn(thing, salt) AS (hash(hash(thing, salt)) >> 11) / 9007199254740992.0",
    "CREATE OR REPLACE TEMP MACRO normal(thing, salt) AS sqrt(-2 * ln(1 - drawn(thing, salt))) "
    "* cos(2 * pi() * drawn(thing, salt + 1))",
    "CREATE OR REPLACE TEMP MACRO id_of(kind, thing) AS md5(kind || thing)::UUID::VARCHAR",
)


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create `drawn` (0 to 1), `normal` (mean 0, deviation 1) and `id_of` (a UUID as text)."""
    for macro in MACROS:
        connection.execute(macro)
