from __future__ import annotations

import gzip
import re
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loaders import lines, nesting
from loaders.errors import DamagedFileError
from loaders.landing import open_landing
from loaders.limits import NESTING
from loaders.lines import read_batches, read_bytes, read_lines
from loaders.nesting import has_deeper_line, is_deeper

Reading = Callable[..., list[tuple[Any, ...]]]
MIB = 1 << 20
LEVELS = 3
LONGEST = 12
# What contents are made of at random.
PIECES = (
    b"\n", b"\r\n", b"\r", b" ", b"\t", b"\x0b", b"\x0c", b"\x1c", b"\xc2\xa0", b"a", b"\x00", b"\xff",
    b"\xc3\xa9", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"{", b"[", b"[[", b"]", b"}", b'"', b"\\", b'{"a":[',
    b"[{[{", b"abcdefgh",
)  # fmt: skip


@pytest.fixture
def read(tmp_path: Path) -> Reading:
    """Write `content` under `name` and return `(line, text, damage)` of every line read from it."""

    def run(content: bytes, name: str = "events.json") -> list[tuple[Any, ...]]:
        path = tmp_path / name
        path.write_bytes(content)
        landing = open_landing(str(path))
        batches = list(read_batches(landing, {"it": landing.list_files()[0]}))
        return [
            (row["line"], row["text"], row["damage"])
            for batch in batches
            for row in batch.to_pylist()
            if row["file"] == "it"
        ]

    return run


def test_plain_text_is_read_line_by_line(read: Reading) -> None:
    assert read(b"a\nb\n") == [(1, "a", None), (2, "b", None)]


def test_gzip_is_known_by_its_first_bytes_and_not_by_its_name(read: Reading) -> None:
    assert read(gzip.compress(b"a\nb\n"), "events.json") == [(1, "a", None), (2, "b", None)]
    assert read(b"a\nb\n", "events.json.gz") == [(1, "a", None), (2, "b", None)]


def test_concatenated_gzip_members_are_one_text_even_where_a_line_spans_them(read: Reading) -> None:
    members = [gzip.compress(part) for part in (b"a\nb", b"", b"c\n", b"d\n")]
    assert read(b"".join(members)) == [(1, "a", None), (2, "bc", None), (3, "d", None)]


def test_many_small_members_are_all_read(read: Reading) -> None:
    content = b"".join(gzip.compress(b"%d\n" % number) for number in range(5000))
    assert [text for _, text, _ in read(content)] == [str(number) for number in range(5000)]


def test_a_gzip_of_nothing_is_a_file_without_lines(read: Reading) -> None:
    assert read(gzip.compress(b""), "events.json.gz") == []


def test_a_plain_file_of_0_bytes_has_no_lines(read: Reading) -> None:
    assert read(b"", "events.json") == []


@pytest.mark.parametrize("name", ["events.json.gz", "EVENTS.JSON.GZ"])
def test_a_gz_file_of_0_bytes_is_damaged(read: Reading, name: str) -> None:
    with pytest.raises(DamagedFileError, match="is empty, not even a gzip header"):
        read(b"", name)


@pytest.mark.parametrize("kept", [1, 2, 5, 10, 40, -9, -8, -1])
def test_a_cut_gzip_file_is_damaged_wherever_it_is_cut(read: Reading, kept: int) -> None:
    content = gzip.compress(b'{"id": "%d"}\n' % 12345678901234567890 * 50)
    with pytest.raises(DamagedFileError, match="is cut: its gzip stream does not end"):
        read(content[:kept])


def test_a_second_member_that_is_cut_is_noticed(read: Reading) -> None:
    with pytest.raises(DamagedFileError, match="is cut"):
        read(gzip.compress(b"a\n") + gzip.compress(b"b\n")[:-3])


@pytest.mark.parametrize(("position", "what"), [(-8, "incorrect data check"), (-4, "incorrect length check")])
def test_a_flipped_bit_of_the_checksum_or_the_length_is_noticed(
    read: Reading, position: int, what: str
) -> None:
    content = bytearray(gzip.compress(b"a\nb\n"))
    content[position] ^= 1
    with pytest.raises(DamagedFileError, match=what):
        read(bytes(content))


@pytest.mark.parametrize("garbage", [b"\n", b"garbage behind it", b"\x00" * 20, b'{"id": 1}\n'])
def test_bytes_behind_the_end_of_the_gzip_stream_are_noticed(read: Reading, garbage: bytes) -> None:
    with pytest.raises(DamagedFileError, match="goes on behind the end of its gzip stream"):
        read(gzip.compress(b"a\n") + garbage)


@pytest.mark.parametrize(
    ("start", "form"),
    [
        (b"PK\x03\x04", "zip"),
        (b"BZh91AY&SY", "bzip2"),
        (b"\xfd7zXZ\x00", "xz"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"PAR1", "parquet"),
        (b"Obj\x01", "avro"),
        ("{}".encode("utf-16"), "utf-16"),
    ],
)
def test_other_forms_are_refused_by_name_and_not_read_as_bad_lines(
    read: Reading, start: bytes, form: str
) -> None:
    with pytest.raises(DamagedFileError, match=f"is a {form} file"):
        read(start + b"\x01\x02\n\x03")


def test_windows_line_ends_are_taken_off_and_lone_returns_are_kept(read: Reading) -> None:
    assert read(b"a\r\nb\rc\r\n\r\nd\r") == [(1, "a", None), (2, "b\rc", None), (4, "d", None)]


def test_a_byte_order_mark_is_taken_off_the_start_only(read: Reading) -> None:
    assert read(b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n") == [(1, "a", None), (2, "\ufeffb", None)]


def test_blank_lines_are_left_out_but_counted(read: Reading) -> None:
    assert read(b"\n  \na\n\t\r\n\nb\n\n") == [(3, "a", None), (6, "b", None)]


def test_a_file_of_blank_lines_has_no_lines(read: Reading) -> None:
    assert read(b"\n\n \n") == []


def test_the_last_line_needs_no_newline(read: Reading) -> None:
    assert read(b"a\nb") == [(1, "a", None), (2, "b", None)]


def test_invalid_utf_8_is_damage_that_keeps_what_stood_there(read: Reading) -> None:
    assert read("é\n".encode() + b'{"a": "\xff\xfe"}\nok\n') == [
        (1, "é", None),
        (2, '{"a": "\\xff\\xfe"}', "invalid UTF-8 at byte 8"),
        (3, "ok", None),
    ]


def test_a_line_over_the_limit_is_damage_and_only_its_beginning_is_kept(
    read: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "LINE_BYTES_LIMIT", MIB)
    monkeypatch.setattr(lines, "KEPT_BYTES_OF_LONG_LINE", 3)
    content = b"a\n" + b"x" * MIB + b"\n" + b"y" * (MIB + 1) + b"\n" + "éé".encode() * MIB + b"\nb\n"
    first, exact, longer, split, last = read(content)
    assert (first, last) == ((1, "a", None), (5, "b", None))
    assert exact == (2, "x" * MIB, None)
    assert longer == (3, "yyy", "line is longer than 1 MiB")
    assert split == (4, "é\\xc3", "line is longer than 1 MiB")


def test_lines_that_span_chunks_are_put_together(read: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "CHUNK_BYTES", 7)
    monkeypatch.setattr(lines, "COMPRESSED_CHUNK_BYTES", 5)
    text = "".join(f"{'ü' * (number % 30)}|{number}\r\n" for number in range(200))
    expected = [(number + 1, line, None) for number, line in enumerate(text.split("\r\n")[:-1])]
    assert read(text.encode()) == expected
    assert read(gzip.compress(text.encode())) == expected


def test_lines_of_many_files_share_batches_and_keep_their_names(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{number:03}.json").write_bytes(b"\n%d\n" % number)
    landing = open_landing(str(tmp_path))
    batches = list(read_batches(landing, {f"as {file.path}": file for file in landing.list_files()}))
    assert len(batches) == 1
    assert batches[0].to_pylist()[7] == {"file": "as 007.json", "line": 2, "text": "7", "damage": None}
    assert batches[0].num_rows == 300


@pytest.mark.parametrize("together", [1, 60, 1 << 20])
@pytest.mark.parametrize("odd", [(b"x", "x", None), (b"\xff", "\\xff", "invalid UTF-8 at byte 1")])
def test_lines_that_are_decoded_together_tell_of_their_own_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int, odd: tuple[bytes, str, str | None]
) -> None:
    monkeypatch.setattr(lines, "DECODED_BYTES", together)
    deep = b"[" * (NESTING.value + 1)
    contents = [b"a\r\nb\r", deep, b"", b"\n \nc", b"d\n" + odd[0] + b"\n\r\n", b"\xef\xbb\xbfe\nf"]
    for number, content in enumerate(contents):
        (tmp_path / f"{number}.json").write_bytes(content)
    landing = open_landing(str(tmp_path))
    files = {file.name[0]: file for file in landing.list_files()}
    (batch,) = read_batches(landing, files)
    told = [(each["file"], each["line"], each["text"], each["damage"]) for each in batch.to_pylist()]
    assert told == [
        ("0", 1, "a", None),
        ("0", 2, "b", None),
        ("1", 1, deep.decode(), f"JSON is nested more than {NESTING.value:,} levels deep"),
        ("3", 3, "c", None),
        ("4", 1, "d", None),
        ("4", 2, *odd[1:]),
        ("5", 1, "e", None),
        ("5", 2, "f", None),
    ]


def test_a_large_file_comes_in_several_batches_without_losing_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "BATCH_BYTES", 1 << 16)
    monkeypatch.setattr(lines, "CHUNK_BYTES", 1 << 14)
    monkeypatch.setattr(lines, "DECODED_BYTES", 1 << 14)
    (tmp_path / "a.json").write_bytes(b"".join(b"%d\n" % number for number in range(1, 50_001)))
    landing = open_landing(str(tmp_path))
    batches = list(read_batches(landing, {"a": landing.list_files()[0]}))
    assert len(batches) > 5
    pairs = [(row["line"], row["text"]) for batch in batches for row in batch.to_pylist()]
    assert pairs == [(number, str(number)) for number in range(1, 50_001)]


def test_read_lines_yields_the_blank_lines_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbfa\r\n\r\nb")
    landing = open_landing(str(tmp_path))
    assert list(read_lines(landing, landing.list_files()[0])) == [b"a", b"", b"b"]


def test_a_highly_compressed_stream_is_read_in_bounded_memory(tmp_path: Path) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    block = (b"x" * 1023 + b"\n") * 1024
    with (tmp_path / "bomb.json.gz").open("wb") as file:
        for _ in range(64):
            file.write(packer.compress(block))
        file.write(packer.flush())
    landing = open_landing(str(tmp_path))
    tracemalloc.start()
    size = sum(len(chunk) for chunk in read_bytes(landing, landing.list_files()[0]))
    _, peak_of_bytes = tracemalloc.get_traced_memory()
    count = sum(1 for _ in read_lines(landing, landing.list_files()[0]))
    _, peak_of_lines = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (size, count) == (64 * MIB, 64 * 1024)
    assert peak_of_bytes < 4 * MIB
    assert peak_of_lines < 16 * MIB


def test_one_endless_line_is_read_in_bounded_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "LINE_BYTES_LIMIT", 2 * MIB)
    (tmp_path / "one.json.gz").write_bytes(gzip.compress(b"x" * (48 * MIB) + b"\nb\n", compresslevel=1))
    landing = open_landing(str(tmp_path))
    tracemalloc.start()
    sizes = [len(line) for line in read_lines(landing, landing.list_files()[0])]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 2 * MIB < sizes[0] < 4 * MIB
    assert sizes[1:] == [1]
    assert peak < 16 * MIB


def expected(content: bytes) -> list[tuple[int, str, str | None]]:
    """Tell line by line what is read of the content."""
    all_lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    told = [(number, *told_alone(line.removesuffix(b"\r"))) for number, line in enumerate(all_lines, start=1)]
    return [row for row, line in zip(told, all_lines, strict=True) if line.strip()]


def told_alone(line: bytes) -> tuple[str, str | None]:
    if len(line) > LONGEST:
        return line[:3].decode("utf-8", "backslashreplace"), "line is longer than 0 MiB"
    try:
        damage = f"JSON is nested more than {LEVELS} levels deep" if is_deeper(line, LEVELS) else None
        return line.decode(), damage
    except UnicodeDecodeError as error:
        return line.decode("utf-8", "backslashreplace"), f"invalid UTF-8 at byte {error.start + 1}"


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join), st.integers(1, 30))
def test_blocks_are_read_as_their_lines_one_by_one(read: Reading, content: bytes, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(NESTING.variable, str(LEVELS))
        patch.setattr(lines, "LINE_BYTES_LIMIT", LONGEST)
        patch.setattr(lines, "KEPT_BYTES_OF_LONG_LINE", 3)
        patch.setattr(lines, "FOREIGN_FORM", re.compile(b"(?!)"))
        patch.setattr(lines, "CHUNK_BYTES", chunk)
        patch.setattr(nesting, "STRETCH_BYTES", chunk)
        assert read(content) == expected(content)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.lists(st.sampled_from(PIECES), max_size=9).map(b"".join), max_size=9).map(b"\n".join),
    st.integers(1, 5),
    st.integers(0, 20),
)
def test_a_deep_line_is_found_among_others(content: bytes, levels: int, stretch: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nesting, "STRETCH_BYTES", stretch)
        assert has_deeper_line(content, levels) == any(
            is_deeper(line, levels) for line in content.split(b"\n")
        )


def test_what_comes_first_is_small_so_that_landing_begins_early(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "BATCH_BYTES", 1 << 20)
    (tmp_path / "a.json").write_bytes(b"%0999d\n" % 7 * 5000)
    landing = open_landing(str(tmp_path))
    monkeypatch.setattr(lines, "CHUNK_BYTES", 1 << 14)
    sizes = [batch.nbytes for batch in read_batches(landing, {"a": landing.list_files()[0]})]
    assert sizes[0] < sizes[1] / 6
    assert len(sizes) == 6
