"""Large delimited files: enriched events of Snowplow as TSV, and rows of RudderStack's `tracks` as CSV."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.drawing import create_macros
from benchmarks.rudderstack import attach
from loaders.vendors.snowplow.columns import ENRICHED_COLUMNS

# The fields that a page view or a click of a web page fills; all others are empty.
_FILLED = {
    "app_id": "'shop'",
    "platform": "'web'",
    "etl_tstamp": "moment(happened + INTERVAL 40 SECOND)",
    "collector_tstamp": "moment(happened + INTERVAL 2 SECOND)",
    "dvce_created_tstamp": "moment(happened)",
    "event": "'page_view'",
    "event_id": "id_of('event', i)",
    "name_tracker": "'sp'",
    "v_tracker": "'js-3.24.0'",
    "v_collector": "'ssc-3.2.0-kinesis'",
    "v_etl": "'snowplow-enrich-kinesis-5.0.0'",
    "user_id": "CASE WHEN drawn(i, 1) < 0.3 THEN 'user-' || visitor END",
    "user_ipaddress": "'203.0.113.' || i % 250",
    "domain_userid": "id_of('visitor', visitor)",
    "domain_sessionidx": "1 + i % 20",
    "network_userid": "id_of('network', visitor)",
    "geo_country": "'DE'",
    "geo_city": "'Leipzig'",
    "geo_latitude": "51.34",
    "geo_longitude": "12.37",
    "page_url": "'https://shop.example/products/' || i % 900 || '?ref=' || i % 40",
    "page_title": "'Product ' || i % 900 || ' of the shop'",
    "page_urlscheme": "'https'",
    "page_urlhost": "'shop.example'",
    "page_urlport": "443",
    "page_urlpath": "'/products/' || i % 900",
    "page_urlquery": "'ref=' || i % 40",
    "contexts": """'{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0","data":['
        || '{"schema":"iglu:com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0","data":{"id":"'
        || id_of('page', i) || '"}}]}'""",
    "useragent": "'Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0'",
    "br_lang": "'de-DE'",
    "br_viewwidth": "1280",
    "br_viewheight": "720",
    "os_timezone": "'Europe/Berlin'",
    "dvce_screenwidth": "1920",
    "dvce_screenheight": "1080",
    "doc_charset": "'UTF-8'",
    "dvce_sent_tstamp": "moment(happened + INTERVAL 1 SECOND)",
    "domain_sessionid": "id_of('session', i // 8)",
    "derived_tstamp": "moment(happened)",
    "event_vendor": "'com.snowplowanalytics.snowplow'",
    "event_name": "'page_view'",
    "event_format": "'jsonschema'",
    "event_version": "'1-0-0'",
    "event_fingerprint": "md5('print' || i)",
}
_ROWS = """
    FROM (
        SELECT i, floor(drawn(i, 2) * $rows / 50)::BIGINT AS visitor,
            TIMESTAMP '2026-03-01' + to_milliseconds(i * 400) AS happened
        FROM range($rows) AS numbers(i)
    )
"""
_MOMENT = "CREATE TEMP MACRO moment(told) AS strftime(told, '%Y-%m-%d %H:%M:%S.%g')"
CSV_COLUMNS = (
    "id", "anonymous_id", "user_id", "event", "original_timestamp", "sent_at", "received_at", "timestamp",
)  # fmt: skip


def write_enriched(path: Path, rows: int) -> None:
    """Write a TSV file of so many enriched events, 131 fields a line, without a header."""
    fields = ", ".join(f"{_FILLED.get(name, 'NULL')} AS {name}" for name in ENRICHED_COLUMNS)
    with duckdb.connect() as connection:
        create_macros(connection)
        connection.execute(_MOMENT)
        connection.execute(
            f"COPY (SELECT {fields} {_ROWS}) TO '{_quoted(path)}' "
            "(FORMAT csv, DELIMITER '\t', HEADER false, QUOTE '', ESCAPE '')",
            {"rows": rows},
        )


def write_tracks_csv(path: Path, tracks: Path) -> None:
    """Write all rows of a file of `write_tracks` as CSV with column names."""
    columns = ", ".join(f'"{name}"' for name in CSV_COLUMNS)
    with duckdb.connect() as connection:
        attach(connection, tracks, "generated")
        connection.execute(
            f"COPY (SELECT {columns} FROM generated.tracks) TO '{_quoted(path)}' (FORMAT csv, HEADER true)"
        )


def _quoted(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    return str(path).replace("'", "''")
