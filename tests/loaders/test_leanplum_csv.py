from __future__ import annotations

import gzip
from datetime import datetime
from pathlib import Path

import pytest

from loaders.exports import Status
from tests.loaders.conftest import LoadFolder, Rows
from tests.loaders.leanplum_delivery import APP, CSV_ROWS, DAY, UUID, JobFiles

SESSIONS = (
    b"sessionId,userId,userBucket,userStart,country,region,city,start,duration,lat,lon,locale,timezone,"
    b"timezoneOffset,appVersion,client,sdkVersion,osName,osVersion,deviceModel,browserName,browserVersion,"
    b"deviceId,priorEvents,priorSessions,priorTimeSpentInApp,priorStates,isDeveloper,isSession,"
    b"sourcePublisherId,sourcePublisher,sourceSubPublisher,sourceSite,sourceCampaign,sourceAdGroup,sourceAd\n"
    b'1,ada,767,1.550040022647E9,US,CA,"Paris, Texas",2020-06-06 20:22:42.721 UTC,1717.272,67.85,-1.5,'
    b"en_US,America/Los_Angeles,-25200,18099,ios,2.7.2,iOS,13.4.1,iPhone X,,,d1,437,197,38830.438,0,false,"
    b"TRUE,,,,,,,\n"
)


@pytest.fixture
def job(landing_folder: Path) -> JobFiles:
    return JobFiles(landing_folder)


def file(kind: str) -> str:
    return f"{DAY}/export-{APP}-{UUID}-output{kind}-0"


def test_the_six_types_land_in_their_tables(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    job.write_csv(
        sessions=SESSIONS,
        states=b"stateId,sessionId,stateName,start,duration,info,timeUntilFirstForUser\n"
        b"-2977495587907092018,1,Home,1.591474963E9,12.5,,3\n",
        events=b"eventId,stateId,sessionId,eventName,start,value,info,timeUntilFirstForUser\n"
        b"8457531699855530674,-2977495587907092018,1,Tap,1.591474962721E9,0.5,x,\n"
        b"8457531699855530674,99,1,Tap,,,,\n",
        eventparameters=b'eventId,name,value\n8457531699855530674,note,"two\r\nlines, ""quoted"""\n',
        userattributes=b"sessionId,name,value\n1,premium,True\n1,level,\n",
        experiments=b"experimentId,sessionId,variantId\n5674184028995584,1,-6233174342959104\n",
    )
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.status, outcome.entry.files, outcome.entry.rows) == (Status.LOADED, 6, 8)
    assert outcome.entry.reason == ""
    moment = datetime(2020, 6, 6, 20, 22, 42, 721000)
    assert rows(
        "SELECT app_id, job_id, export_date::VARCHAR, session_id, user_bucket, first_run, city, time, "
        "duration, timezone_offset_seconds, system_name, system_version, browser_name, device_id, "
        "prior_events, prior_time_spent_in_app, prior_states, is_developer, is_session, source_ad, extras, "
        "_file, _line FROM raw_leanplum.sessions"
    ) == [
        (
            APP, UUID, "2019-05-08", "1", 767, datetime(2019, 2, 13, 6, 40, 22, 647000), "Paris, Texas",
            moment, 1717.272, -25200, "iOS", "13.4.1", None, "d1", 437, 38830.438, 0, False, True, None, None,
            file("sessions"), 1,
        )
    ]  # fmt: skip
    assert rows(
        "SELECT session_id, state_id, name, time, duration, info, time_until_first_for_user, parameters, "
        "_ordinal FROM raw_leanplum.states"
    ) == [("1", "-2977495587907092018", "Home", datetime(2020, 6, 6, 20, 22, 43), 12.5, None, 3.0, None, 1)]
    assert rows(
        "SELECT session_id, state_id, event_id, name, time, value, info, _ordinal FROM raw_leanplum.events "
        "ORDER BY _ordinal"
    ) == [
        ("1", "-2977495587907092018", "8457531699855530674", "Tap", moment, 0.5, "x", 1),
        ("1", "99", "8457531699855530674", "Tap", None, None, None, 2),
    ]
    assert rows("SELECT session_id, event_id, name, value, _ordinal FROM raw_leanplum.event_parameters") == [
        (None, "8457531699855530674", "note", 'two\r\nlines, "quoted"', 1)
    ]
    assert rows(
        "SELECT session_id, name, value, _ordinal FROM raw_leanplum.user_attributes ORDER BY _ordinal"
    ) == [("1", "premium", "True", 1), ("1", "level", None, 2)]
    assert rows("SELECT session_id, experiment_id, variant_id, impressed FROM raw_leanplum.experiments") == [
        ("1", "5674184028995584", "-6233174342959104", None)
    ]


def test_headers_are_found_in_any_case_and_order_behind_a_byte_order_mark(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_csv(userattributes=b"\xef\xbb\xbfVALUE, Name ,SessionID\nTrue,premium,1\n")
    load_folder("leanplum")
    assert rows("SELECT session_id, name, value FROM raw_leanplum.user_attributes") == [
        ("1", "premium", "True")
    ]


def test_several_shards_of_a_type_are_loaded_compressed_or_not(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_csv(states=None)
    header = f"{CSV_ROWS['states'][0]}\n".encode()
    job.write("outputstates-0", gzip.compress(header + b"7,1,Home,,,,\n"))
    job.write("outputstates-1", header + b"8,1,Cart,,,,\n")
    job.manifest([job.name("outputstates-0"), job.name("outputstates-1")], "states")
    load_folder("leanplum")
    assert rows("SELECT state_id, name, right(_file, 1), _line FROM raw_leanplum.states ORDER BY ALL") == [
        ("7", "Home", "0", 1),
        ("8", "Cart", "1", 1),
    ]


@pytest.mark.parametrize("content", [b"", b"eventId,name,value\n", b"eventId,name,value", None])
def test_a_type_without_rows_is_legal(
    content: bytes | None, job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_csv(eventparameters=content)
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.LOADED
    assert rows("SELECT count(*) FROM raw_leanplum.event_parameters") == [(0,)]
    assert rows("SELECT count(*) FROM raw_leanplum.sessions") == [(1,)]


def test_unknown_columns_go_to_extras_where_there_are_any(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_csv(
        experiments=b"experimentId,sessionId,variantId,impressed,Phase,team\n1,1,2,true,b,\n3,1,4,,,\n",
        userattributes=b"sessionId,name,value,since\n1,premium,True,2020\n",
    )
    (outcome,) = load_folder("leanplum")
    assert rows("SELECT experiment_id, impressed, extras FROM raw_leanplum.experiments ORDER BY ALL") == [
        ("1", True, '{"Phase":"b"}'),
        ("3", None, None),
    ]
    assert "userattributes with columns that are not loaded: since" in outcome.entry.reason


def test_a_missing_column_is_null_and_told(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    job.write_csv(states=b"stateId,sessionId,start\n7,1,1.591474963E9\n")
    (outcome,) = load_folder("leanplum")
    assert rows("SELECT state_id, name, time FROM raw_leanplum.states") == [
        ("7", None, datetime(2020, 6, 6, 20, 22, 43))
    ]
    assert (
        "states without the column stateName, duration, info, timeUntilFirstForUser: null in each row"
        in outcome.entry.reason
    )


@pytest.mark.parametrize(
    ("kind", "content", "told"),
    [
        ("states", b"stateName,sessionId\nHome,1\n", "outputstates-0 has no column stateId,"),
        ("events", b"eventId,eventName\n7,Tap\n", "has no column stateId and no column sessionId,"),
        ("eventparameters", b"name,value\na,b\n", "has no column eventId,"),
        ("userattributes", b"name,value\na,b\n", "has no column sessionId,"),
        ("experiments", b"sessionId\n1\n", "has no column experimentId and no column variantId,"),
        ("sessions", b"userId\nada\n", "outputsessions-0 has no column sessionId,"),
        ("states", b"7,1,Home,1.591474963E9,12.5,,3\n", "outputstates-0 has no header"),
        ("userattributes", b"a;b;c\n", "outputuserattributes-0 has no header"),
        ("userattributes", b"sessionId,name,value,NAME\n1,a,b,c\n", "has the column name twice"),
    ],
)
def test_a_file_whose_columns_cannot_be_told_rejects_the_job(
    kind: str, content: bytes, told: str, job: JobFiles, load_folder: LoadFolder
) -> None:
    job.write_csv(**{kind: content})
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.REJECTED
    assert told in outcome.entry.reason


@pytest.mark.parametrize(
    ("kind", "content", "query", "landed"),
    [
        (
            "states",
            b"state,session,title,begin,seconds,about,first\n7,1,Home,1.591474963E9,12.5,x,3\n",
            "state_id, session_id, name, duration, info, time_until_first_for_user FROM raw_leanplum.states",
            ("7", "1", "Home", 12.5, "x", 3.0),
        ),
        (
            "events",
            b"event_id,state_id,session_id,title,begin,worth,about,first\n9,7,1,Tap,,0.5,x,\n",
            "event_id, state_id, session_id, name, value, info FROM raw_leanplum.events",
            ("9", "7", "1", "Tap", 0.5, "x"),
        ),
        (
            "eventparameters",
            b"Event Id,Parameter,Content\n9,size,L\n",
            "event_id, name, value FROM raw_leanplum.event_parameters",
            ("9", "size", "L"),
        ),
        (
            "userattributes",
            b"session_id,attribute,content\n1,premium,True\n",
            "session_id, name, value FROM raw_leanplum.user_attributes",
            ("1", "premium", "True"),
        ),
        (
            "experiments",
            b"experiment_id,session_id,variant_id\n5,1,6\n",
            "experiment_id, session_id, variant_id FROM raw_leanplum.experiments",
            ("5", "1", "6"),
        ),
        (
            "sessions",
            b",".join(b"column_%d" % number for number in range(36)) + b"\n" + SESSIONS.partition(b"\n")[2],
            "session_id, prior_time_spent_in_app, prior_states, is_session FROM raw_leanplum.sessions",
            ("1", 38830.438, 0, True),
        ),
    ],
)
def test_a_header_in_other_words_counts_by_position(
    *,
    kind: str,
    content: bytes,
    query: str,
    landed: tuple[object, ...],
    job: JobFiles,
    load_folder: LoadFolder,
    rows: Rows,
) -> None:
    job.write_csv(**{kind: content})
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.LOADED, outcome.entry.reason
    assert rows(f"SELECT {query}") == [landed]
    assert f"output{kind}-0 names no known column and is read by position" in outcome.entry.reason


@pytest.mark.parametrize(
    "content",
    [
        b"experiment_id,session_id\n5,1\n",
        b"experiment_id,session_id,variant_id,phase\n5,1,6,b\n",
        b"5,1,6\n7,1,8\n",
        b"experiment_id,,variant_id\n5,1,6\n",
    ],
)
def test_what_may_be_a_row_or_is_of_another_width_is_not_read_by_position(
    content: bytes, job: JobFiles, load_folder: LoadFolder
) -> None:
    job.write_csv(experiments=content)
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.REJECTED
    assert "outputexperiments-0 has no header" in outcome.entry.reason


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (gzip.compress(b"sessionId,name,value\n1,a,b\n")[:-9], "is cut: its gzip stream does not end"),
        (gzip.compress(b"sessionId,name,value\n1,a,b\n")[:-8] + bytes(8), "is damaged"),
        (b'sessionId,name,value\n1,a,"b\n1,c,d\n', "opens a quote in line 2 that is never closed"),
    ],
)
def test_a_damaged_file_rejects_the_job_and_leaves_no_row(
    content: bytes, told: str, job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_csv(userattributes=content)
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.REJECTED
    assert told in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_leanplum.sessions") == [(0,)]


def test_a_gz_file_of_0_bytes_is_no_type_without_rows(job: JobFiles, load_folder: LoadFolder) -> None:
    job.write_csv(userattributes=None)
    job.write("outputuserattributes-0.gz", b"")
    job.manifest([job.name("outputuserattributes-0.gz")], "userattributes")
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.REJECTED
    assert "outputuserattributes-0.gz is empty" in outcome.entry.reason


def test_odd_rows_lose_nothing(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    long = b"x" * (20 << 20)
    job.write_csv(
        userattributes=b"sessionId,name,value\r\n9007199254740993,long," + long + b"\r\n"
        b'-9223372036854775808,bytes,\xff\r\n1,jagged\r\n1,wide,a,b\r\n1,last,""',
    )
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.status, outcome.entry.rejected_rows) == (Status.LOADED, 3)
    assert rows(
        "SELECT session_id, name, length(value) FROM raw_leanplum.user_attributes ORDER BY name DESC"
    ) == [("9007199254740993", "long", len(long)), ("1", "last", None)]
    assert rows("SELECT line, raw_text FROM raw.rejected_lines ORDER BY line")[1:] == [
        (4, "1,jagged"),
        (5, "1,wide,a,b"),
    ]


def test_a_rejected_job_leaves_no_row(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    job.write_csv(states=b"stateId,sessionId\n7,1\n", experiments=b"sessionId\n1\n")
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.REJECTED
    for table in ("sessions", "states", "events", "event_parameters", "user_attributes", "experiments"):
        assert rows(f"SELECT count(*) FROM raw_leanplum.{table}") == [(0,)], table


def test_a_row_with_an_unusable_value_is_quarantined_and_the_rest_loaded(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    bad_and_good = {
        "states": ("7,1,Home,never,,,", ",1,Home,,,,", "9,1,,,,,"),
        "events": ("7,8,,Tap,,,,", "7,8,1,Tap,,much,,", "9,8,1,,,,,"),
        "sessions": ("2,ada,,maybe", "3,,,"),
        "eventparameters": ("7,,x", "9,a,b"),
        "userattributes": (",a,b", "1,a,b"),
        "experiments": ("5,,1", "5,1,"),
    }
    job.write_csv(
        **{kind: "\n".join((CSV_ROWS[kind][0], *lines, "")).encode() for kind, lines in bad_and_good.items()}
    )
    (outcome,) = load_folder("leanplum")
    assert (outcome.entry.status, outcome.entry.rejected_rows, outcome.entry.rows) == (Status.LOADED, 8, 6)
    assert rows("SELECT file, line, reason FROM raw.rejected_lines ORDER BY file, line") == [
        (file("eventparameters"), 1, "name is missing"),
        (file("events"), 1, "sessionId is missing"),
        (file("events"), 2, "value: much is not a number"),
        (file("experiments"), 1, "sessionId is missing"),
        (file("sessions"), 1, "isSession: maybe is not true or false"),
        (file("states"), 1, "start: never is not a time between 1970 and 2100"),
        (file("states"), 2, "stateId is missing"),
        (file("userattributes"), 1, "sessionId is missing"),
    ]
    assert rows("SELECT raw_text FROM raw.rejected_lines WHERE reason LIKE 'value%'") == [
        (
            '{"eventId":"7","stateId":"8","sessionId":"1","eventName":"Tap","start":null,"value":"much",'
            '"info":null,"timeUntilFirstForUser":null}',
        )
    ]
    assert rows("SELECT event_id, _line, _ordinal FROM raw_leanplum.events") == [("9", 3, 3)]


def test_a_row_of_another_width_is_quarantined(job: JobFiles, load_folder: LoadFolder, rows: Rows) -> None:
    job.write_csv(userattributes=b"sessionId,name,value\n1,premium\n1,level,7\n")
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.rejected_rows == 1
    assert rows("SELECT name, value FROM raw_leanplum.user_attributes") == [("level", "7")]
    assert rows("SELECT file, raw_text FROM raw.rejected_lines") == [(file("userattributes"), "1,premium")]


def test_more_bad_rows_than_the_limit_reject_the_job_and_leave_no_row(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_csv(userattributes=b"sessionId,name,value\n" + b",a,b\n" * 11)
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.REJECTED
    assert "11 of 12 lines are bad" in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_leanplum.sessions") == [(0,)]
    assert rows("SELECT count(*) FROM raw.rejected_lines") == [(0,)]


def test_a_count_of_the_manifest_is_compared_with_the_rows(
    job: JobFiles, load_folder: LoadFolder, rows: Rows
) -> None:
    job.write_csv(userattributes=b"sessionId,name,value\n1,a,b\n")
    job.manifest([{"name": job.name("outputuserattributes-0"), "rows": 2}], "userattributes")
    (outcome,) = load_folder("leanplum")
    assert outcome.entry.status is Status.REJECTED
    assert f"counts 2 rows in {job.name('outputuserattributes-0')}, 1 were read" in outcome.entry.reason
    assert rows("SELECT count(*) FROM raw_leanplum.sessions") == [(0,)]
