"""`sessionhouse metadata monetate` against an API on this machine that checks every signature and token."""

from __future__ import annotations

import csv
import email.utils
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from loaders.cli import main
from loaders.metadata import client as client_module
from loaders.metadata.contract import LOOKUPS
from loaders.warehouse import connect
from tests.conftest import ROOT
from tests.loaders.fake_metadata_api import BASE, TOKEN_PATH, USER, Failure, FakeApi, serving

Run = Callable[..., Result]
Sessions = Callable[..., None]
OFFERS, EVENTS, TARGETS = (lookup.seed for lookup in LOOKUPS)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    encryption: KeySerializationEncryption | None = None,
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


@pytest.fixture
def key_file(tmp_path: Path, key: rsa.RSAPrivateKey) -> Path:
    path = tmp_path / "private.pem"
    path.write_bytes(pem(key))
    return path


@pytest.fixture
def api(key: rsa.RSAPrivateKey) -> Iterator[FakeApi]:
    with serving(FakeApi(key.public_key())) as served:
        yield served


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, noted and not made."""
    made: list[float] = []
    monkeypatch.setattr(client_module, "sleep", made.append)
    return made


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    folder = tmp_path / "seeds"
    folder.mkdir()
    return folder


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "warehouse.duckdb"


@pytest.fixture
def sessions(database: Path) -> Sessions:
    """Put one session into the warehouse for each document: `sessions(offers=[{"1": 2}, [3]])`."""

    def write(**documents: list[Any]) -> None:
        connection = connect(database)
        for column, values in documents.items():
            for value in values:
                connection.execute(
                    "INSERT INTO raw_monetate.sessions "
                    f"(session_id, start_time, {column}, "
                    "window_started_at, window_ended_at, window_sequence, _load_id, _loaded_at, _file, "
                    "_line) "
                    "SELECT 's', t, $document, t, t, 1, 1, t, 'f', 1 "
                    "FROM (SELECT TIMESTAMP '2026-01-01' AS t)",
                    {"document": None if value is None else json.dumps(value)},
                )
        connection.close()

    return write


@pytest.fixture
def run(api: FakeApi, database: Path, seeds: Path, key_file: Path) -> Run:
    """Run the command; nothing that is printed may hold the key, a token, a signature, or a traceback."""

    def invoke(*options: object, env: dict[str, str] | None = None, **changed: object) -> Result:
        given: dict[str, object] = {
            "account": "shop",
            "user": USER,
            "key": key_file,
            "endpoint": api.endpoint,
            "seeds": seeds,
            "database": database,
            **changed,
        }
        named = [f"--{name}={value}" for name, value in given.items() if value is not None]
        result = CliRunner().invoke(main, ["metadata", "monetate", *named, *map(str, options)], env=env)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        for secret in (
            "Traceback",
            "secret-token",
            "eyJ",
            *key_file.read_text("ascii", "replace").split("\n")[1:3],
        ):
            assert secret not in result.output
        return result

    return invoke


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_names_of_all_three_kinds_go_into_the_seeds(
    api: FakeApi, run: Run, sessions: Sessions, seeds: Path
) -> None:
    sessions(
        offers=[{"98765": 1}], page_event_ids=[{"132": 1}], custom_targets=[{"8457531699855530674": "gold"}]
    )
    variant = {
        "experience_id": 123456,
        "experience_name": 'Free shipping, "today"\nonly',
        "experience_type": "experience",
        "split_name": "A",
        "split_description": None,
        "integration_type": "js-tag",
        "account_domain": "shop.example",
    }
    api.know("variant", 98765, **variant, preview_token="6.3.secret-token-of-a-preview")
    api.know("pageevent", 132, title="Größe gewählt")
    api.know("customtarget", 8457531699855530674, title="Tier", description="", is_identifier=False)

    result = run()

    assert result.exit_code == 0, result.output
    assert result.output.splitlines() == [
        f"monetate: offers: 0 known, 1 asked, 1 named in {seeds / OFFERS}",
        f"monetate: page events: 0 known, 1 asked, 1 named in {seeds / EVENTS}",
        f"monetate: custom targets: 0 known, 1 asked, 1 named in {seeds / TARGETS}",
    ]
    texts = {name: "" if value is None else str(value) for name, value in variant.items()}
    assert read(seeds / OFFERS) == [{"offer_id": "98765", **texts}]
    assert read(seeds / EVENTS) == [{"event_id": "132", "title": "Größe gewählt"}]
    assert read(seeds / TARGETS) == [
        {
            "custom_target_id": "8457531699855530674",
            "title": "Tier",
            "description": "",
            "is_identifier": "false",
            "collects_person_id": "",
        }
    ]
    assert api.asked.count(TOKEN_PATH) == 1


def test_ids_are_found_in_every_shape_and_asked_once(api: FakeApi, run: Run, sessions: Sessions) -> None:
    shapes: list[Any] = [
        {"1": 1767225600000, "2": "1767225601000"},
        {"3": [1767225600000, 1767225601000], "4": None},
        [["5", "2026-01-01"], [6, 1767225600]],
        [{"offer_id": 7, "timestamp": 1}, {"id": "8"}, {"9": 1}, {"10": 1}],
        [11, "12", None],
        {"id": 13},
        [-14, 0],
        [],
        {},
        None,
        [[]],
        [{}],
        [1, "2", 3],
    ]
    sessions(offers=shapes)
    run()
    assert api.lookups == [f"variant/{id_}" for id_ in (-14, *range(14))]


def test_the_ids_are_those_that_staging_reads() -> None:
    """The models name the same keys of ids, so that no id is built and never named."""
    for lookup, model in zip(LOOKUPS, ("offers", "page_events", "custom_targets"), strict=True):
        sql = (ROOT / "models" / "staging" / "monetate" / f"stg_monetate__{model}.sql").read_text()
        assert f"'{lookup.column}', {list(lookup.id_keys)}" in " ".join(sql.split())


def test_only_ids_without_a_name_are_asked_for(
    api: FakeApi, run: Run, sessions: Sessions, seeds: Path
) -> None:
    sessions(page_event_ids=[{"2": 1, "10": 1, "1": 1}])
    (seeds / EVENTS).write_text("title,event_id\nKept,2\nOf earlier sessions,77\n")
    api.know("pageevent", 1, title="First")
    api.know("pageevent", 2, title="Renamed")
    api.know("pageevent", 10, title="Tenth")

    result = run()

    assert api.lookups == ["pageevent/1", "pageevent/10"]
    assert "page events: 2 known, 2 asked, 2 named" in result.output
    assert (seeds / EVENTS).read_text() == (
        "event_id,title\n1,First\n2,Kept\n10,Tenth\n77,Of earlier sessions\n"
    )
    before = contents(seeds)
    assert run().exit_code == 0
    assert len(api.lookups) == 2
    assert contents(seeds) == before


def test_with_refresh_known_names_are_asked_again_and_kept_where_the_vendor_forgot_them(
    api: FakeApi, run: Run, sessions: Sessions, seeds: Path
) -> None:
    sessions(page_event_ids=[{"1": 1, "2": 1}])
    (seeds / EVENTS).write_text("event_id,title\n1,Deleted since\n2,Old\n3,Not in the data\n")
    api.know("pageevent", 2, title="New")

    result = run("--refresh")

    assert api.lookups == ["pageevent/1", "pageevent/2"]
    assert "unknown to the vendor (deleted, or of another account): 1" in result.output
    assert (seeds / EVENTS).read_text() == ("event_id,title\n1,Deleted since\n2,New\n3,Not in the data\n")


def test_an_id_that_the_vendor_does_not_know_is_told_and_asked_once(
    api: FakeApi, run: Run, sessions: Sessions, seeds: Path
) -> None:
    sessions(page_event_ids=[{"1": 1}, [1, "1"], {"2": 1}])
    api.know("pageevent", 2, title="Second")
    result = run()
    assert result.exit_code == 0
    assert api.lookups == ["pageevent/1", "pageevent/2"]
    assert "2 asked, 1 named" in result.output
    assert "unknown to the vendor (deleted, or of another account): 1" in result.output
    assert (seeds / EVENTS).read_text() == "event_id,title\n2,Second\n"


def test_an_id_that_is_no_number_is_never_part_of_an_address(
    api: FakeApi, run: Run, sessions: Sessions, seeds: Path
) -> None:
    odd = ["../../account/1", "a b", "007", "1\n", "\x1b[31m", "1e3", "9" * 20, "?x=1"]
    sessions(offers=[odd])
    result = run()
    assert result.exit_code == 0
    assert api.asked == []
    assert "no numbers, so not asked for: " in result.output
    assert "\x1b" not in result.output
    assert contents(seeds) == {}


def test_a_warehouse_without_sessions_asks_nothing(
    api: FakeApi, run: Run, sessions: Sessions, seeds: Path
) -> None:
    sessions()
    result = run()
    assert (result.exit_code, api.asked, contents(seeds)) == (0, [], {})
    assert result.output.splitlines()[0] == "monetate: offers: 0 known"


@pytest.mark.parametrize(
    ("path", "failures", "told"),
    [
        (TOKEN_PATH, [Failure(401)], "does not accept who asks for a token (401)"),
        (TOKEN_PATH, [Failure(403)], "refuses a token (403): the key is deactivated"),
        (TOKEN_PATH, [Failure(404)], "answers 404 when asked for a token"),
        (TOKEN_PATH, [Failure(200, b"<html>")], "is not JSON of the API's form"),
        (TOKEN_PATH, [Failure(200, b'{"meta": {}, "data": {"token": ""}}')], "holds none"),
        (TOKEN_PATH, [Failure(200, b'{"meta": {}, "data": {"token": "a\\nb"}}')], "holds none"),
        (TOKEN_PATH, [Failure(200, b'{"meta": {}, "data": {"token": "t"}}')], "for how long"),
        ("event", [Failure(401), Failure(401)], "does not accept who asks for pageevent 1 (401)"),
        ("event", [Failure(403)], "refuses pageevent 1 (403)"),
        ("event", [Failure(404, b"<h1>Not Found</h1>")], "answers 404 when asked for pageevent 1"),
        ("event", [Failure(418)], "answers 418"),
        ("event", [Failure(200, b"")], "is not JSON"),
        ("event", [Failure(200, b"[" * 100_000)], "is not JSON"),
        ("event", [Failure(200, b"{}")], "is not JSON of the API's form"),
        ("event", [Failure(200, b'{"meta": {}, "data": [1]}')], "has no object under data"),
        ("event", [Failure(200, b'{"meta": {}, "data": {"id": 2, "title": "x"}}')], "with id 2"),
        ("event", [Failure(200, b'{"meta": {}, "data": {"id": 1, "title": ["x"]}}')], 'gives ["x"] as title'),
        ("event", [Failure(200, b'{"meta": {}, "data": {"id": 1, "title": 1.5}}')], "gives 1.5 as title"),
        ("event", [Failure(200, b'{"meta": {}, "data": {"id": 1, "title": "\\ud800"}}')], "which is no name"),
        ("event", [Failure(200, b'{"meta": {}, "data": {"id": 1, "title": "\\u0000"}}')], "which is no name"),
        ("event", [Failure(200, b" " * (1 << 21))], "is longer than 1 MiB"),
        ("event", [Failure(302, headers={"Location": f"{BASE}/pageevent/1"})] * 9, "TooManyRedirects"),
        ("event", [Failure(429)] * 5, "answered 429, 5 times, when asked for pageevent 1"),
        ("event", [Failure(500)] * 5, "answered 500, 5 times"),
        ("event", [Failure(200, b"{", is_cut=True)] * 5, "did not answer (ChunkedEncodingError), 5 times"),
    ],
)
def test_a_failure_for_good_is_told_and_leaves_every_seed_as_it_was(
    *,
    path: str,
    failures: list[Failure],
    told: str,
    api: FakeApi,
    run: Run,
    sessions: Sessions,
    seeds: Path,
    pauses: list[float],
) -> None:
    sessions(offers=[{"5": 1}], page_event_ids=[{"1": 1}])
    api.know("variant", 5, experience_name="Named before the failure")
    (seeds / OFFERS).write_bytes((ROOT / "seeds" / OFFERS).read_bytes())
    before = contents(seeds)
    api.fail(f"{BASE}/pageevent/1" if path == "event" else path, *failures)

    result = run()

    assert result.exit_code == 3, result.output
    assert result.stderr.startswith("MetadataError: Monetate")
    assert told in result.stderr
    assert contents(seeds) == before


@pytest.mark.parametrize(
    "failure",
    [Failure(429), Failure(500), Failure(502), Failure(503), Failure(504), Failure(200, b"{", is_cut=True)],
)
@pytest.mark.parametrize("path", [TOKEN_PATH, f"{BASE}/pageevent/1"])
def test_a_passing_failure_is_tried_again(
    *,
    path: str,
    failure: Failure,
    api: FakeApi,
    run: Run,
    sessions: Sessions,
    seeds: Path,
    pauses: list[float],
) -> None:
    sessions(page_event_ids=[{"1": 1}])
    api.know("pageevent", 1, title="First")
    api.fail(path, *[failure] * 4)
    assert run().exit_code == 0
    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert api.asked.count(path) == 5
    assert read(seeds / EVENTS) == [{"event_id": "1", "title": "First"}]


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ("7", 7.0),
        ("0", 1.0),
        ("100000", 60.0),
        ("9" * 400, 60.0),
        ("soon", 1.0),
        ("-1", 1.0),
        (email.utils.formatdate(4_000_000_000, usegmt=True), 60.0),
        (email.utils.formatdate(0, usegmt=True), 1.0),
    ],
)
def test_a_pause_that_the_api_asks_for_is_made_within_bounds(
    *, asked: str, made: float, api: FakeApi, run: Run, sessions: Sessions, pauses: list[float]
) -> None:
    sessions(page_event_ids=[{"1": 1}])
    api.know("pageevent", 1, title="First")
    api.fail(f"{BASE}/pageevent/1", Failure(429, headers={"Retry-After": asked}))
    assert run().exit_code == 0
    assert pauses == [made]


def test_an_api_that_is_slow_for_good_is_not_waited_for(
    api: FakeApi,
    run: Run,
    sessions: Sessions,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client_module, "READ_SECONDS", 0.1)
    sessions(page_event_ids=[{"1": 1}])
    api.fail(f"{BASE}/pageevent/1", *[Failure(slow_seconds=0.5)] * 5)
    result = run()
    assert result.exit_code == 3
    assert "did not answer (ReadTimeout), 5 times" in result.stderr


def test_an_api_that_is_not_there_is_told(
    api: FakeApi, run: Run, sessions: Sessions, pauses: list[float]
) -> None:
    sessions(page_event_ids=[{"1": 1}])
    result = run(endpoint="http://127.0.0.1:9")
    assert result.exit_code == 3
    assert "did not answer (ConnectionError), 5 times, when asked for a token" in result.stderr


def test_a_token_is_renewed_before_it_ends(api: FakeApi, run: Run, sessions: Sessions) -> None:
    sessions(page_event_ids=[{"1": 1, "2": 1}])
    api.token_seconds = 30
    run()
    assert [path for path in api.asked if path == TOKEN_PATH] == [TOKEN_PATH] * 2


def test_a_token_that_ended_early_is_renewed_once(
    api: FakeApi, run: Run, sessions: Sessions, seeds: Path
) -> None:
    sessions(page_event_ids=[{"1": 1}])
    api.know("pageevent", 1, title="First")
    api.fail(f"{BASE}/pageevent/1", Failure(401))
    assert run().exit_code == 0
    assert api.asked == [TOKEN_PATH, f"{BASE}/pageevent/1", TOKEN_PATH, f"{BASE}/pageevent/1"]


def test_a_redirect_of_the_same_place_is_followed_with_the_token_and_another_place_gets_none(
    api: FakeApi, run: Run, sessions: Sessions, seeds: Path
) -> None:
    sessions(page_event_ids=[{"1": 1}])
    api.resources[f"{BASE}/pageevent/1/"] = {"id": 1, "title": "First"}
    api.fail(f"{BASE}/pageevent/1", Failure(301, headers={"Location": f"{BASE}/pageevent/1/"}))
    assert run().exit_code == 0
    assert read(seeds / EVENTS) == [{"event_id": "1", "title": "First"}]

    (seeds / EVENTS).unlink()
    elsewhere = api.endpoint.replace("127.0.0.1", "localhost")
    away = Failure(301, headers={"Location": f"{elsewhere}{BASE}/pageevent/1/"})
    api.fail(f"{BASE}/pageevent/1", away, away)
    result = run()
    assert result.exit_code == 3
    assert "(401)" in result.stderr


def test_a_login_kept_for_the_host_does_not_take_the_place_of_the_token(
    api: FakeApi, run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    sessions(page_event_ids=[{"1": 1}])
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    assert run(env={"NETRC": str(netrc)}).exit_code == 0


@pytest.mark.parametrize("user", ["api-222-other", "API-111-SHOP"])
def test_a_key_of_another_user_is_refused(user: str, run: Run, sessions: Sessions) -> None:
    sessions(page_event_ids=[{"1": 1}])
    result = run(user=user)
    assert result.exit_code == 3
    assert "Check --user" in result.stderr


def test_another_key_is_refused(run: Run, sessions: Sessions, tmp_path: Path) -> None:
    sessions(page_event_ids=[{"1": 1}])
    other = tmp_path / "other.pem"
    other.write_bytes(pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    result = run(key=other)
    assert result.exit_code == 3
    assert "(401)" in result.stderr


def test_a_key_with_a_passphrase_is_opened_by_the_environment(
    key: rsa.RSAPrivateKey, run: Run, sessions: Sessions, tmp_path: Path
) -> None:
    sessions(page_event_ids=[{"1": 1}])
    locked = tmp_path / "locked.pem"
    locked.write_bytes(pem(key, BestAvailableEncryption(b"open sesame")))
    variable = "SESSIONHOUSE_MONETATE_KEY_PASSPHRASE"
    assert run(key=locked, env={variable: "open sesame"}).exit_code == 0
    for passphrase, told in ((None, "needs a passphrase"), ("shut sesame", "or its passphrase is another")):
        result = run(key=locked, env={variable: passphrase} if passphrase else None)
        assert result.exit_code == 2
        assert told in result.stderr
        assert "sesame" not in result.stderr
    assert "needs no passphrase" in run(env={variable: "open sesame"}).stderr


def test_every_option_may_stand_in_the_environment(
    *, api: FakeApi, sessions: Sessions, database: Path, seeds: Path, key_file: Path, run: Run
) -> None:
    sessions(page_event_ids=[{"1": 1}])
    api.know("pageevent", 1, title="First")
    given = {
        "ACCOUNT": "shop",
        "INSTANCE": "production",
        "USER": USER,
        "KEY": str(key_file),
        "ENDPOINT": api.endpoint,
    }
    env = {f"SESSIONHOUSE_MONETATE_{name}": value for name, value in given.items()}
    result = run(env=env, account=None, user=None, key=None, endpoint=None)
    assert result.exit_code == 0, result.output
    assert api.lookups == ["pageevent/1"]


def test_an_instance_is_part_of_the_address(api: FakeApi, run: Run, sessions: Sessions) -> None:
    sessions(page_event_ids=[{"1": 1}])
    run(instance="development")
    assert api.asked[-1] == BASE.replace("production", "development") + "/pageevent/1"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"account": None}, "Missing option '--account'"),
        ({"user": None}, "Missing option '--user'"),
        ({"key": None}, "Missing option '--key'"),
        ({"account": "../auth"}, "--account is '../auth'"),
        ({"instance": ""}, "--instance is ''"),
        ({"user": " "}, "--user is empty"),
        ({"endpoint": "http://api.monetate.net"}, "tokens would travel in the open"),
        ({"endpoint": "ftp://127.0.0.1"}, "begins with ftp"),
        ({"endpoint": "api.monetate.net"}, "--endpoint is no address"),
        ({"endpoint": "https://host:port"}, "--endpoint is no address"),
        ({"endpoint": "https://[::1"}, "--endpoint is no address"),
        ({"endpoint": "https://api.monetate.net?a=b"}, "--endpoint is no address"),
        ({"endpoint": "https://me:hidden@api.monetate.net"}, "holds a user or a password"),
        ({"seeds": "not/there"}, "There is no folder not/there"),
        ({"database": "not-there.duckdb"}, "There is no database"),
    ],
)
def test_wrong_usage_asks_nothing(
    changed: dict[str, Any], told: str, api: FakeApi, run: Run, sessions: Sessions
) -> None:
    sessions(page_event_ids=[{"1": 1}])
    result = run(**changed)
    assert result.exit_code == 2, result.output
    assert told in result.stderr
    assert "hidden" not in result.stderr
    assert api.asked == []


def test_a_file_that_is_no_rsa_key_is_refused_without_its_text(
    run: Run, sessions: Sessions, tmp_path: Path, key: rsa.RSAPrivateKey
) -> None:
    sessions(page_event_ids=[{"1": 1}])
    public = key.public_key()
    files = {
        "cut.pem": (pem(key)[:200], "no private key in PEM form"),
        "text.pem": (b"hidden words", "no private key in PEM form"),
        "empty.pem": (b"", "no private key in PEM form"),
        "ec.pem": (pem(ec.generate_private_key(ec.SECP256R1())), "no RSA key"),
        "public.pem": (str(public).encode(), "no private key in PEM form"),
    }
    for name, (content, told) in files.items():
        (tmp_path / name).write_bytes(content)
        result = run(key=tmp_path / name)
        assert result.exit_code == 2, name
        assert told in result.stderr
        assert "hidden" not in result.stderr
    assert "cannot be read" in run(key=tmp_path / "none.pem").stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "has the columns (none)"),
        (b"event_id\n1\n", "has the columns event_id. Put back a file that begins with event_id,title"),
        (b"event_id,title,note\n1,a,b\n", "has the columns event_id, title, note"),
        (b"event_id,title\n1\n", "line 2 has 1 values, not 2"),
        (b"event_id,title\n1,a\n1,b\n", "line 3 has the event_id 1 a second time"),
        (b"event_id,title\n,a\n", "line 2 has no event_id"),
        (b'event_id,title\n1,"a\n', "line 2 is no CSV"),
        (b"event_id,title\n1,\xff\n", "is no UTF-8 text"),
    ],
)
def test_a_seed_that_would_lose_something_is_left_alone(
    *, content: bytes, told: str, api: FakeApi, run: Run, sessions: Sessions, seeds: Path
) -> None:
    sessions(page_event_ids=[{"1": 1}])
    (seeds / EVENTS).write_bytes(content)
    result = run()
    assert result.exit_code == 2, result.output
    assert f"{EVENTS} {told}" in result.stderr
    assert contents(seeds) == {EVENTS: content}
    assert api.asked == []


def test_a_seed_may_begin_with_a_byte_order_mark_and_hold_blank_lines(
    api: FakeApi, run: Run, sessions: Sessions, seeds: Path
) -> None:
    sessions(page_event_ids=[{"1": 1, "2": 1}])
    (seeds / EVENTS).write_bytes(b'\xef\xbb\xbfevent_id,title\r\n\r\n1,"a ""b"",\r\nc"\r\n')
    api.know("pageevent", 2, title="Second")
    assert run().exit_code == 0
    assert read(seeds / EVENTS) == [
        {"event_id": "1", "title": 'a "b",\r\nc'},
        {"event_id": "2", "title": "Second"},
    ]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_seeds_that_cannot_all_be_written_are_all_as_they_were(
    *, number: int, api: FakeApi, run: Run, sessions: Sessions, seeds: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions(offers=[{"5": 1}], page_event_ids=[{"1": 1}])
    api.know("variant", 5, experience_name="New")
    api.know("pageevent", 1, title="New")
    (seeds / EVENTS).write_text("event_id,title\n2,Old\n")
    before = contents(seeds)
    replace = Path.replace
    tries: list[Path] = []

    def fail_at(self: Path, target: Path) -> Path:
        tries.append(target)
        if len(tries) == number:
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_at)
    result = run()
    assert result.exit_code == 3
    assert "cannot be written: No space left on device. They are as they were" in result.stderr
    assert contents(seeds) == before


def test_the_committed_seeds_are_headers_that_the_command_can_go_on_from() -> None:
    for lookup in LOOKUPS:
        header = ",".join((lookup.id_column, *lookup.keys))
        assert (ROOT / "seeds" / lookup.seed).read_text() == f"{header}\n"
