"""Session Stream files as Monetate writes them, made inside DuckDB."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from benchmarks.drawing import create_macros
from loaders.samples.output import write_gzip

ACCOUNT_ID = 4711
FIRST_WINDOW = datetime(2026, 3, 1)
WINDOW = timedelta(minutes=15)
FILE_SESSIONS = 14_000
# How long a line is on average, to make as many as a number of bytes needs.
SESSION_BYTES = 1_030

_SESSIONS = """
    SELECT
        format('2.{}.{}', hash(i), begins // 1000) AS session_id,
        4711 AS account_id,
        'guid-' || floor(drawn(i, 1) * 250000)::BIGINT AS guid,
        CASE WHEN drawn(i, 2) < 0.3 THEN 'customer-' || floor(drawn(i, 1) * 250000)::BIGINT END
            AS customer_id,
        NULL::VARCHAR AS customer_link,
        ['Chrome', 'Safari', 'Firefox', 'Edge'][1 + i % 4] AS browser,
        ['131.0', '18.1', '133.0', '131.0'][1 + i % 4] AS browser_version,
        ['Windows', 'iOS', 'Android'][1 + i % 3] AS os,
        ['10', '18.1', '15'][1 + i % 3] AS os_version,
        ['desktop', 'phone', 'phone'][1 + i % 3] AS device_type,
        ['Philadelphia', 'Leeds', 'unknown'][1 + i % 3] AS city,
        ['Pennsylvania', 'Leeds', 'unknown'][1 + i % 3] AS region,
        ['US', 'GB', 'US'][1 + i % 3] AS country_code,
        1080 AS screen_height,
        1920 AS screen_width,
        begins AS start_time,
        begins + 60000 * pages AS end_time,
        't' AS is_closed,
        CASE WHEN pages = 1 THEN 't' ELSE 'f' END AS is_bounce,
        CASE WHEN carts > 0 THEN 't' ELSE 'f' END AS has_cart,
        'f' AS has_new_customer,
        CASE WHEN views > 0 THEN 't' ELSE 'f' END AS has_product_view,
        CASE WHEN orders > 0 THEN 't' ELSE 'f' END AS has_purchase,
        'f' AS has_stealth,
        pages AS page_views,
        pages AS page_views_ss,
        views AS product_view_count,
        orders AS purchase_count,
        (orders * price)::DECIMAL(12, 2) AS purchase_value_ss,
        (orders * price)::DECIMAL(12, 2) AS session_value,
        (orders * price)::DECIMAL(12, 2) AS session_value_ss,
        1 + i % 9 AS session_count,
        60 * pages AS time_on_site,
        60 * pages AS time_on_site_ss,
        map_from_entries([{'k': '70001', 'v': 'segment ' || i % 4}]) AS custom_targets,
        map_from_entries([{'k': (910101 + i % 5)::VARCHAR, 'v': begins}]) AS offers,
        map_from_entries(
            list_transform(range(pages), lambda n: {'k': (51000 + n)::VARCHAR, 'v': begins + 60000 * n})
        ) AS page_event_ids,
        map_from_entries(
            list_transform(range(orders), lambda n: {'k': format('{}.{}', i, n), 'v': price})
        ) AS purchases,
        list_transform(
            range(carts),
            lambda n: {'product_id': 'P' || n, 'sku': format('P{}-{}', n, i % 3), 'quantity': 1, 'time': told}
        ) AS cart_lines,
        list_transform(range(views), lambda n: {'product_id': 'P' || (i + n) % 900, 'time': told})
            AS view_lines,
        map_from_entries(
            list_transform(
                range(orders),
                lambda n: {
                    'k': format('{}.{}', i, n),
                    'v': {
                        'time': told,
                        'total': price,
                        'items': [{'product_id': 'P1', 'sku': 'P1-0', 'quantity': 1, 'unit_price': price}]
                    }
                }
            )
        ) AS purchase_lines
    FROM (
        SELECT
            i,
            begins,
            strftime(make_timestamp(begins * 1000), '%Y-%m-%d %H:%M:%S') AS told,
            1 + floor(drawn(i, 4) * 6)::BIGINT AS pages,
            floor(drawn(i, 5) * 3)::BIGINT AS views,
            CASE WHEN drawn(i, 6) < 0.2 THEN 1 + i % 2 ELSE 0 END AS carts,
            CASE WHEN drawn(i, 6) < 0.05 THEN 1 ELSE 0 END AS orders,
            (4.5 + floor(drawn(i, 7) * 9000) / 100)::DECIMAL(12, 2) AS price
        FROM (
            SELECT i, $start + (i - $first) // $each * 900000 + floor(drawn(i, 3) * 900000)::BIGINT AS begins
            FROM range($first, $last) AS numbers(i)
        )
    )
"""


def write_files(folder: Path, size: int) -> int:
    """Write files of 14,000 sessions, about `size` bytes before compression; return how many sessions."""
    sessions = max(1, size // SESSION_BYTES)
    with duckdb.connect() as connection:
        create_macros(connection)
        for number, first in enumerate(range(0, sessions, FILE_SESSIONS)):
            path = _path(folder, number)
            path.parent.mkdir(parents=True, exist_ok=True)
            target = str(path).replace("'", "''")
            last = min(first + FILE_SESSIONS, sessions)
            connection.execute(
                f"COPY ({_SESSIONS}) TO '{target}' (FORMAT json, COMPRESSION gzip)",
                {"start": _milliseconds(number), "first": first, "last": last, "each": FILE_SESSIONS},
            )
    return sessions


def write_small_files(folder: Path, files: int, sessions_each: int) -> None:
    """Write so many files with so many sessions each."""
    with duckdb.connect() as connection:
        create_macros(connection)
        answer = connection.execute(
            f"SELECT to_json(sessions)::VARCHAR || chr(10) FROM ({_SESSIONS}) AS sessions",
            {"start": _milliseconds(0), "first": 0, "last": files * sessions_each, "each": sessions_each},
        )
        for number in range(files):
            write_gzip(_path(folder, number), [line for (line,) in answer.fetchmany(sessions_each)])


def _milliseconds(number: int) -> int:
    return round((_window(number) - datetime(1970, 1, 1)).total_seconds() * 1000)


def _window(number: int) -> datetime:
    return FIRST_WINDOW + number * WINDOW


def _path(folder: Path, number: int) -> Path:
    start = _window(number)
    name = f"{start:%Y%m%dT%H%M%S}.000Z_PT15M-{1_000_000 + number}.json.gz"
    return folder / str(ACCOUNT_ID) / "raw_data" / "session_stream" / f"{start:%Y/%m/%d}" / name
