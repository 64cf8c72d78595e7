"""JSON objects, one a line, on their way into raw: most of them in one pass that proves them sound.

A batch of lines is parsed once. Where every line passes all checks, its rows go straight to their tables. A
line that the pass cannot vouch for takes the careful way (`Load.parse_objects` and the vendor's own marks),
which says what is wrong with it, or lands it all the same. Both ways give the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from loaders.exports import DataFile
from loaders.fields import Field, fault, parsed, structure
from loaders.lines import ROWS_AT_ONCE
from loaders.load import PARSED, Load, NotSoundError
from loaders.queries import first_row
from loaders.windows import Window, shown

# The names of the parsed lines that `ObjectForm.insert` inserts: those of one pass, and those of the other.
PROVED = "proved_records"
EXAMINED = "landing_records"
# True where a key stands twice in the object.
REPEATED = "len(keys) > list_unique(keys)"
# So many lists of keys are compared with those of a line, where some lines have other keys.
PLAIN_LISTS = 20
BLANKS = "chr(32) || chr(9) || chr(13)"


@dataclass(frozen=True, slots=True)
class ObjectForm:
    """How the JSON objects of one kind of file become rows.

    `insert` inserts the good lines of the table or query it is given, each as one row of one table. It reads
    `file, line, document, record, parsed` and `reason`, as `Load.parse_objects` makes them of `fields`.
    `known` are the keys that are no extras in any table: `document` may be null where there are no others.
    Lines for which the SQL `is_sound` over `record` is not true, or `faulty_keys` over the list `keys` is,
    are looked at again: `examine` makes `landing_records` of `landing_lines` and quarantines the bad ones.
    `is_read_often` where `insert` reads its table more than once, so that it is worth keeping. `only_gzip`
    where a file that is no gzip is refused.
    """

    fields: tuple[Field, ...]
    insert: Callable[[Load, str], None]
    known: tuple[str, ...] = ()
    is_sound: str = "true"
    faulty_keys: str = REPEATED
    examine: Callable[[Load], None] | None = None
    is_read_often: bool = False
    only_gzip: bool = False

    def examine_lines(self, load: Load) -> None:
        """Examine `landing_lines`, in the vendor's own way or in the usual one."""
        if self.examine:
            self.examine(load)
            return
        load.parse_objects(self.fields)
        load.reject_bad_records()


@dataclass(slots=True)
class Proved(Window):
    """What was parsed of a batch, and the list of keys, neither faulty nor others, that most lines have."""

    common_keys: list[str] | None = None


def land_objects(load: Load, files: Mapping[str, DataFile], form: ObjectForm) -> None:
    """Land the lines of the files, keyed by the name for `_file`; bad ones are quarantined.

    Raises NotSoundError for a bad line where several exports are landed together.
    """
    proved = Proved()
    with shown(load.connection, {PROVED: proved}):
        for _ in load.show_lines(files, only_gzip=form.only_gzip):
            land_shown(load, form, proved)


def land_shown(load: Load, form: ObjectForm, proved: Proved) -> None:
    """Land the lines of `landing_batch`."""
    keys = _keys(load, form, proved.common_keys)
    proved.common_keys = keys.plain[0] if keys.plain else None
    if keys.have_others:
        statement = "SET VARIABLE plain_keys = $plain::VARCHAR[][]"
        load.connection.execute(statement, {"plain": keys.plain})
    proof = _proof(form, keys)
    landed = load.rows
    if form.is_read_often:
        # What was parsed of the batch before need not be held any longer.
        proved.table = Window().table
        query = f"SELECT file, line, document, record, {PARSED}, reason FROM ({proof})"
        # A relation is made with all threads, the answer to a statement with one.
        proved.table = load.connection.sql(query).to_arrow_table(ROWS_AT_ONCE)
        form.insert(load, PROVED)
    else:
        form.insert(load, f"({proof})")
    if load.rows - landed < load.shown_lines:
        _land_carefully(load, form, proof)


@dataclass(frozen=True, slots=True)
class _Keys:
    """The keys of a batch's objects: whether some are faulty, whether some have no place of their own.

    `plain` are lists of keys, the commonest of a file among them, that are neither.
    """

    are_faulty: bool
    have_others: bool
    plain: list[list[str]]


def _keys(load: Load, form: ObjectForm, common: list[str] | None) -> _Keys:
    """Return what the keys of `landing_batch` are, where `common` are known to be neither faulty nor others.

    Most lines of a file have the same keys, so each list of keys is looked at once, and the common one never.
    """
    found = first_row(
        load.connection,
        f"""
        SELECT coalesce(bool_or(is_faulty), false), coalesce(bool_or(has_others), false),
            coalesce(
                list(keys ORDER BY lines DESC) FILTER (NOT is_faulty AND NOT has_others), []
            )[:{PLAIN_LISTS}]
        FROM (
            SELECT keys, count(*) AS lines, {form.faulty_keys} AS is_faulty,
                NOT list_has_all($known, keys) AS has_others
            FROM (
                SELECT CASE WHEN keys IS DISTINCT FROM $common::VARCHAR[] THEN keys END AS keys
                FROM (
                    SELECT CASE WHEN damage IS NULL THEN TRY(json_keys(text)) END AS keys FROM landing_batch
                )
            )
            GROUP BY keys
        )
        """,
        {"known": list(form.known), "common": common},
    )
    are_faulty, have_others, plain = found or (False, False, [])
    return _Keys(are_faulty, have_others, [common, *plain] if common else plain)


def _proof(form: ObjectForm, keys: _Keys) -> str:
    """Return the statement that parses `landing_batch` and gives a reason to all that is not proved sound."""
    document = "NULL::VARCHAR"
    if keys.have_others:
        is_plain = "list_contains(getvariable('plain_keys'), TRY(json_keys(text)))"
        document = f"CASE WHEN NOT {is_plain} THEN text END" if keys.plain else "text"
    # A list of one names the keys once, so that they are taken out once.
    faulty = f"len(list_filter([TRY(json_keys(text))], lambda keys: {form.faulty_keys})) > 0"
    # Parsing is dear: a condition on what was parsed would do it anew in each place it is named. What can
    # raise is not moved there: so lines are counted from 1, or an error is told.
    return f"""
        SELECT file, line, text, damage, {document} AS document, record, {PARSED},
            CASE
                WHEN line < 1 THEN error('lines are counted from 1')
                WHEN record IS NULL OR NOT starts_with(ltrim(text, {BLANKS}), '{{') THEN 'no object'
                ELSE coalesce(
                    {fault(form.fields, values=PARSED)},
                    CASE WHEN ({form.is_sound}) AND NOT ({faulty if keys.are_faulty else "false"}) THEN NULL
                        ELSE 'not proved' END
                )
            END AS reason
        FROM (
            SELECT *, {parsed(form.fields)} AS {PARSED}
            FROM (
                SELECT *,
                    CASE WHEN damage IS NULL THEN TRY(from_json(text, {structure(form.fields)})) END AS record
                FROM landing_batch
            )
        )
    """


def _land_carefully(load: Load, form: ObjectForm, proof: str) -> None:
    if len(load.exports) > 1:
        raise NotSoundError("a line is not proved sound")
    load.connection.execute(
        "CREATE OR REPLACE TEMP TABLE landing_lines AS "
        f"SELECT file, line, text, damage FROM ({proof}) WHERE reason IS NOT NULL"
    )
    form.examine_lines(load)
    form.insert(load, EXAMINED)
