"""Fetching the names that the warehouse lacks: ids from its sessions, names from the API, into the seeds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from loaders.errors import UsageError
from loaders.metadata.access import Access
from loaders.metadata.client import MetadataClient
from loaders.metadata.contract import LOOKUPS, Lookup
from loaders.metadata.ids import ASKABLE, ids_in_sessions
from loaders.metadata.seeds import Names, read_seed, write_seeds
from loaders.progress import reporting
from loaders.warehouse import connect_read_only


@dataclass(frozen=True, slots=True)
class Question:
    """What one kind of id leads to: the names already kept, the ids to ask for, and those nobody can ask."""

    lookup: Lookup
    known: Names
    ids: tuple[str, ...]
    unaskable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What became of one kind of id: how many were kept, asked and named anew, and which have no name."""

    title: str
    known: int
    asked: int
    named: int
    unknown: tuple[str, ...]
    unaskable: tuple[str, ...]
    seed: Path


def fetch_names(access: Access, database: Path, folder: Path, *, refresh: bool) -> list[Fetched]:
    """Ask for each id of the sessions that the seeds in `folder` do not name, and write the seeds.

    With `refresh` also those that they name. An id that the API does not know keeps the name it has, or has
    none and is asked again in the next run. The database is closed before the first question. Raises an
    error of this package with every seed as it was.
    """
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}. Name the project's folder of seeds with --seeds.")
    questions = _questions(database, folder, refresh=refresh)
    names: dict[Lookup, Names] = {}
    fetched = []
    total = sum(len(question.ids) for question in questions)
    with MetadataClient(access) as client, reporting("monetate", total) as reporter:
        for question in questions:
            lookup = question.lookup
            found: Names = {}
            for id_ in question.ids:
                reporter.starting(f"{lookup.title} {id_}")
                answer = client.look_up(lookup, id_)
                if answer is not None:
                    found[id_] = answer
                reporter.finished()
            names[lookup] = question.known | found
            fetched.append(
                Fetched(
                    title=lookup.title,
                    known=len(question.known),
                    asked=len(question.ids),
                    named=len(found),
                    unknown=tuple(id_ for id_ in question.ids if id_ not in found),
                    unaskable=question.unaskable,
                    seed=folder / lookup.seed,
                )
            )
    if total:
        write_seeds(folder, names)
    return fetched


def _questions(database: Path, folder: Path, *, refresh: bool) -> list[Question]:
    known = {lookup: read_seed(folder, lookup) for lookup in LOOKUPS}
    connection = connect_read_only(database)
    try:
        ids = {lookup: ids_in_sessions(connection, lookup) for lookup in LOOKUPS}
    finally:
        connection.close()
    return [
        Question(
            lookup,
            known[lookup],
            ids=tuple(
                id_ for id_ in ids[lookup] if ASKABLE.fullmatch(id_) and (refresh or id_ not in known[lookup])
            ),
            unaskable=tuple(
                id_ for id_ in ids[lookup] if not ASKABLE.fullmatch(id_) and id_ not in known[lookup]
            ),
        )
        for lookup in LOOKUPS
    ]
