from __future__ import annotations

import gzip
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from loaders.exports import Status
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.leanplum_delivery import APP, DAY, UUID, JobFiles, lines, session

FIRST = f"{DAY}/export-{APP}-{UUID}-output-0"

FULL = {
    "sessionId": "1",
    "userId": "ada",
    "userBucket": 767,
    "firstRun": "1.550040022647E9",
    "time": "1.591474962721E9",
    "duration": 1717.272,
    "country": "US",
    "lat": "67.8536262512207",
    "timezoneOffsetSeconds": -25200,
    "appVersion": "18099",
    "systemName": "iOS",
    "priorEvents": 437,
    "priorTimeSpentInApp": 38830.438,
    "isSession": True,
    "sourceAdGroup": "spring",
    "batteryLevel": 0.5,
    "experiments": [
        {"id": 5674184028995584, "variantId": -6233174342959104},
        {"id": 2, "impressed": True, "phase": "b"},
    ],
    "userAttributes": {"premium": "True", "level": 7, "tags": ["a", "b"], "email": None},
    "states": [
        {
            "stateId": -2977495587907092018,
            "name": "Home",
            "time": "1.591474963E9",
            "duration": 12.5,
            "info": "start",
            "timeUntilFirstForUser": 3,
            "parameters": {"tab": "news"},
            "depth": 2,
            "events": [
                {
                    "eventId": 8457531699855530674,
                    "name": "Tap",
                    "time": "1.591474962721E9",
                    "value": 0.5,
                    "info": "x",
                    "timeUntilFirstForUser": 123,
                    "parameters": {"b": "1", "a.b": 9007199254740993},
                    "screen": 4,
                },
                {"eventId": 8457531699855530674, "name": "Tap", "time": 1591474962.721},
            ],
        },
        {"stateId": 77, "events": [{"eventId": "5", "name": "Sent", "parameters": {"c": None}}]},
    ],
}


@pytest.fixture
def job(landing_folder: Path) -> JobFiles:
    return JobFiles(landing_folder)


@pytest.fixture
def loaded(job: JobFiles, load_folder: LoadFolder) -> None:
    job.write_json(lines(FULL))
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.status, outcome.entry.rejected_rows) == (Status.LOADED, 0)
    assert outcome.entry.rows == 1 + 2 + 3 + 3 + 4 + 2


def test_a_session_lands_in_typed_columns(loaded: None, rows: Rows) -> None:
    assert rows(
        "SELECT session_id, user_id, user_bucket, first_run, time, duration, country, region, lat, "
        "timezone_offset_seconds, app_version, system_name, prior_events, prior_states, "
        "prior_time_spent_in_app, is_session, is_developer, source_ad_group, extras "
        "FROM raw_leanplum.sessions"
    ) == [
        (
            "1", "ada", 767, datetime(2019, 2, 13, 6, 40, 22, 647000),
            datetime(2020, 6, 6, 20, 22, 42, 721000), 1717.272, "US", None, "67.8536262512207", -25200,
            "18099", "iOS", 437, None, 38830.438, True, None, "spring", '{"batteryLevel":0.5}',
        )
    ]  # fmt: skip


def test_states_keep_ids_beyond_double_precision_and_wrappers_without_a_name(
    loaded: None, rows: Rows
) -> None:
    assert rows(
        "SELECT session_id, state_id, name, time, duration, info, time_until_first_for_user, parameters, "
        "extras, _ordinal, _file, _line FROM raw_leanplum.states ORDER BY _ordinal"
    ) == [
        (
            "1", "-2977495587907092018", "Home", datetime(2020, 6, 6, 20, 22, 43), 12.5, "start", 3.0,
            '{"tab":"news"}', '{"depth":2}', 1, FIRST, 1,
        ),
        ("1", "77", None, None, None, None, None, None, None, 2, FIRST, 1),
    ]  # fmt: skip


def test_events_are_kept_all_and_counted_through_the_session(loaded: None, rows: Rows) -> None:
    moment = datetime(2020, 6, 6, 20, 22, 42, 721000)
    state = "-2977495587907092018"
    assert rows(
        "SELECT session_id, state_id, event_id, name, time, value, info, time_until_first_for_user, extras, "
        "_ordinal FROM raw_leanplum.events ORDER BY _ordinal"
    ) == [
        ("1", state, "8457531699855530674", "Tap", moment, 0.5, "x", 123.0, '{"screen":4}', 1),
        ("1", state, "8457531699855530674", "Tap", moment, None, None, None, None, 2),
        ("1", "77", "5", "Sent", None, None, None, None, None, 3),
    ]


def test_parameters_attributes_and_experiments_are_taken_apart_in_order(loaded: None, rows: Rows) -> None:
    assert rows(
        "SELECT session_id, event_id, name, value, _ordinal FROM raw_leanplum.event_parameters "
        "ORDER BY _ordinal"
    ) == [
        ("1", "8457531699855530674", "b", "1", 1),
        ("1", "8457531699855530674", "a.b", "9007199254740993", 2),
        ("1", "5", "c", None, 3),
    ]
    assert rows(
        "SELECT session_id, name, value, _ordinal FROM raw_leanplum.user_attributes ORDER BY _ordinal"
    ) == [
        ("1", "premium", "True", 1),
        ("1", "level", "7", 2),
        ("1", "tags", '["a","b"]', 3),
        ("1", "email", None, 4),
    ]
    assert rows(
        "SELECT session_id, experiment_id, variant_id, impressed, extras, _ordinal "
        "FROM raw_leanplum.experiments ORDER BY _ordinal"
    ) == [
        ("1", "5674184028995584", "-6233174342959104", None, None, 1),
        ("1", "2", None, True, '{"phase":"b"}', 2),
    ]


@pytest.mark.parametrize("empty", [None, [], {}])
def test_an_empty_container_is_the_same_as_none(
    empty: Any, job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    inner = {"eventId": 1, "parameters": empty}
    outer = session("1", states=empty, experiments=empty, userAttributes=empty)
    nested = session("2", states=[None, {"stateId": 1, "events": empty, "parameters": empty}])
    deep = session("3", states=[{"stateId": 1, "name": "", "events": [inner, None]}])
    job.write_json(lines(outer, nested, deep))
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.rejected_rows, outcome.entry.rows) == (0, 3 + 2 + 1)
    assert rows("SELECT DISTINCT name, parameters FROM raw_leanplum.states") == [(None, None)]


def test_every_form_of_a_time_is_read_as_utc(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    times: list[Any] = [
        "1.591474962721E9",
        1.591474962721e9,
        "1591474962.721",
        1591474962721,
        "2020-06-06 20:22:42.721 UTC",
        "2020-06-06T22:22:42.721+02:00",
    ]
    job.write_json(
        lines(
            *(
                session(
                    "1",
                    time=time,
                    states=[{"stateId": 1, "time": time, "events": [{"eventId": 1, "time": time}]}],
                )
                for time in (*times, "1.4735664E9")
            )
        )
    )
    load_folder("leanplum")
    for table in ("sessions", "states", "events"):
        assert rows(f"SELECT time, count(*) FROM raw_leanplum.{table} GROUP BY time ORDER BY time") == [
            (datetime(2016, 9, 11, 4, 0), 1),
            (datetime(2020, 6, 6, 20, 22, 42, 721000), len(times)),
        ], table


def states_of(**event: Any) -> dict[str, Any]:
    good = {"eventId": 1, "parameters": {"a": "b"}}
    return {"states": [{"stateId": 1, "events": [good]}, {"stateId": 2, "events": [good, event]}]}


BAD_SESSIONS: list[tuple[Any, str]] = [
    ({"sessionId": None}, "sessionId is missing"),
    ({"time": "yesterday"}, "time: yesterday is not a time between 1970 and 2100"),
    ({"userBucket": "many"}, "userBucket: many is not an integer"),
    ({"isSession": "maybe"}, "isSession: maybe is not true or false"),
    ({"states": "none"}, 'states: "none" is no array'),
    ({"states": {"stateId": 1}}, 'states: {"stateId":1} is no array'),
    ({"experiments": 7}, "experiments: 7 is no array"),
    ({"userAttributes": ["a"]}, 'userAttributes: ["a"] is no object'),
    ({"states": [7]}, "state 1: not a JSON object"),
    ({"states": [{"name": "Home"}]}, "state 1: stateId is missing"),
    ({"states": [{"stateId": 1}, {"stateId": 2, "time": "x"}]}, "state 2: time: x is not a time"),
    ({"states": [{"stateId": 1, "duration": "long"}]}, "state 1: duration: long is not a number"),
    ({"states": [{"stateId": 1, "events": {"a": 1}}]}, 'state 1: events: {"a":1} is no array'),
    (states_of(name="Tap"), "event 3: eventId is missing"),
    (states_of(eventId=""), "event 3: eventId is missing"),
    (states_of(eventId=3, time="4e99"), "event 3: time: "),
    (states_of(eventId=3, value="much"), "event 3: value: much is not a number"),
    (states_of(eventId=3, parameters=["a"]), 'event 3: parameters: ["a"] is no object'),
    ({"states": [{"stateId": 1, "events": ["Tap"]}]}, "event 1: not a JSON object"),
    ({"experiments": [{"variantId": 1}]}, "experiment 1: id is missing"),
    ({"experiments": [{"id": 1, "impressed": "no idea"}]}, "experiment 1: impressed: no idea is not true"),
]


def test_a_session_with_an_unusable_value_is_quarantined_whole(
    job: JobFiles, load_folder: LoadFolder, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loaders.load.BAD_LINES_LIMIT", len(BAD_SESSIONS))
    bad = [{**FULL, "sessionId": "bad", **values} for values, _ in BAD_SESSIONS]
    job.write_json(lines(session("1"), *bad, session("3")))
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.status, outcome.entry.rows) == (Status.LOADED, 2)
    assert outcome.entry.rejected_rows == len(bad)
    assert rows("SELECT session_id, _line FROM raw_leanplum.sessions ORDER BY _line") == [
        ("1", 1),
        ("3", len(bad) + 2),
    ]
    for table in ("states", "events", "event_parameters", "user_attributes", "experiments"):
        assert rows(f"SELECT count(*) FROM raw_leanplum.{table}") == [(0,)], table
    rejected = rows("SELECT file, line, reason, raw_text FROM raw.rejected_lines ORDER BY line")
    assert [(file, line) for file, line, _, _ in rejected] == [(FIRST, n + 2) for n in range(len(bad))]
    for (_, _, told, text), (_, reason), sent in zip(rejected, BAD_SESSIONS, bad, strict=True):
        assert told.startswith(reason)
        assert json.loads(text) == sent


def test_a_damaged_line_is_quarantined_and_the_rest_loaded(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    event = b'{"sessionId": "a", "states": [{"stateId": 1, "events": [{"eventId": 1, %s}]}]}'
    damaged = {
        b'{"sessionId": "bad"': "not valid JSON",
        b'["bad"]': "not a JSON object",
        b'{"sessionId": "a\xff"}': "invalid UTF-8 at byte 17",
        b'{"sessionId": "a", "sessionId": "b"}': "a key stands twice in the object",
        b'{"sessionId": "a", "states": [{"stateId": 1, "stateId": 2}]}': (
            "state 1: a key stands twice in the object"
        ),
        event % b'"name": 1, "name": 2': "event 1: a key stands twice in the object",
        event % b'"parameters": {"b": 1, "b": 2}': "event 1: a key stands twice in parameters",
        b'{"sessionId": "a", "userAttributes": {"b": 1, "b": 2}}': ("a key stands twice in userAttributes"),
    }
    job.write_json(lines(session("1")) + b"\r\n" + b"\r\n".join((*damaged, b"")) + lines(session("4")))
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.status, outcome.entry.rows) == (Status.LOADED, 2)
    assert rows("SELECT line, reason FROM raw.rejected_lines ORDER BY line") == list(
        enumerate(damaged.values(), start=3)
    )
    assert rows("SELECT session_id FROM raw_leanplum.sessions ORDER BY _line") == [("1",), ("4",)]


def test_more_bad_lines_than_the_limit_reject_the_job_and_leave_no_row(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    bad = [{**FULL, "sessionId": str(number), "time": "never"} for number in range(11)]
    job.write_json(lines(FULL, *bad))
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.REJECTED
    assert "11 of 12 lines are bad" in outcome.entry.reason
    assert "time: never" in outcome.entry.reason
    for table in ("sessions", "states", "events", "event_parameters", "user_attributes", "experiments"):
        assert rows(f"SELECT count(*) FROM raw_leanplum.{table}") == [(0,)], table
    assert rows("SELECT count(*) FROM raw.rejected_lines") == [(0,)]


def test_a_cut_gzip_file_rejects_the_job_and_leaves_no_row(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_json(lines(session("1")), gzip.compress(lines(session("2")))[:-9])
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.REJECTED
    assert "output-1 is cut" in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_leanplum.sessions") == [(0,)]


def test_quarantined_lines_count_as_rows_of_the_manifest(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write("output-0", lines(session("1")) + b"broken\n")
    job.manifest({"response": [{"files": [job.name("output-0")], "numSessions": 2}]})
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.status, outcome.entry.rows, outcome.entry.rejected_rows) == (Status.LOADED, 1, 1)


def test_an_empty_file_is_a_file_without_sessions(job: JobFiles, load_folder: LoadFolder) -> None:
    job.write("output-0", b"")
    job.manifest([{"name": job.name("output-0"), "rows": 0, "size": 0}])
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.status, outcome.entry.rows) == (Status.LOADED, 0)


def test_a_line_of_20_mb_and_ids_beyond_doubles_lose_nothing(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    long = "x" * (20 << 20)
    event = {"eventId": -9223372036854775808, "parameters": {"note": long, "count": 9007199254740993}}
    job.write_json(
        gzip.compress(
            lines(session("9007199254740993", states=[{"stateId": 9223372036854775807, "events": [event]}])),
            compresslevel=1,
        )
    )
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.status, outcome.entry.rejected_rows) == (Status.LOADED, 0)
    assert rows("SELECT session_id, state_id, event_id FROM raw_leanplum.events") == [
        ("9007199254740993", "9223372036854775807", "-9223372036854775808")
    ]
    assert rows(
        "SELECT name, left(value, 20), length(value) FROM raw_leanplum.event_parameters ORDER BY _ordinal"
    ) == [("note", "x" * 20, len(long)), ("count", "9007199254740993", 16)]


@pytest.mark.parametrize(
    "time", ["-2006-10-15T01:00:00", "1969-12-31T23:59:59", 4102444800, "1e300", 99999999999999999]
)
def test_a_time_that_nobody_can_have_is_quarantined(
    time: Any, job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_json(lines(session("1"), session("2", time=time)))
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.rows, outcome.entry.rejected_rows) == (1, 1)
    ((reason,),) = rows("SELECT reason FROM raw.rejected_lines")
    assert reason.startswith("time: ")
    assert reason.endswith(" is not a time between 1970 and 2100")
