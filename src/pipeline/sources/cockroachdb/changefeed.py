"""
The changefeed that tells which rows have changed, and from time to time up to which moment it has told all of them.

One without a sink (CockroachDB's documentation: "CREATE CHANGEFEED"): it answers on its connection until that is closed, and nothing
of it is left in the cluster then.
"""

import re
import select
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from itertools import product
from types import TracebackType
from typing import Self

import msgspec
from msgspec import Struct
from psycopg import OperationalError
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult
from sqlalchemy import text

from pipeline.errors import PipelineError, SourceError, SourceUnavailableError
from pipeline.sources.dialects.engine import Database, connection, explain
from pipeline.sources.dialects.writing import writing
from pipeline.sources.following import Changed, NoMoreToldError, Place, Resolved
from pipeline.sources.queries import quoted

RESOLVED_SECONDS = 1
SILENCE_SECONDS = 60.0
FIRST_SECONDS = 900.0
"""How long a changefeed may say nothing, and how long until its first word: before that it looks for what has changed since its moment."""

VERSION = "SELECT version()"

NO_END = "SET statement_timeout = 0"

LEFT_OUT_SINCE = (24, 1)
"""From this version on writers may ask that changefeeds leave their changes out (`disable_changefeed_replication`)."""

_NO_MORE = re.compile(r'"(?P<ended>.+)" was (?:truncated|dropped)|offline table: (?P<offline>\S+)')
_VERSION = re.compile(r"\bv(\d+)\.(\d+)")
_BYTEA = 17


class _Value(Struct):
    updated: str | None = None
    resolved: str | None = None


_decode = msgspec.json.Decoder(_Value).decode


def statement(database: str, places: Iterable[Place], since: str, version: str) -> str:
    """The SQL of a changefeed that tells what changes in these tables after the moment, for a cluster that calls its version so."""
    names = ", ".join(f"TABLE {quoted(database)}.{quoted(schema)}.{quoted(name)}" for schema, name in places)
    options = (
        f"cursor = '{since}', updated, full_table_name, split_column_families, "
        f"resolved = '{RESOLVED_SECONDS}s', min_checkpoint_frequency = '{RESOLVED_SECONDS}s'"
    )
    found = version_of(version)
    if found is None or found >= LEFT_OUT_SINCE:
        options += ", ignore_disable_changefeed_replication = true"
    return f"CREATE CHANGEFEED FOR {names} WITH {options}"


def version_of(version: str) -> tuple[int, int] | None:
    """The version's first two numbers, as `SELECT version()` has them; None where they cannot be seen."""
    found = _VERSION.search(version)
    return (int(found[1]), int(found[2])) if found else None


class Changefeed:
    """Implements `pipeline.sources.following.Feed`."""

    def __init__(self, database: Database, places: Iterable[Place], since: str) -> None:
        self._database = database
        self._places = list(places)
        self._since = since
        self._told_names = told_names(str(database.url.database), self._places)
        self._heard_at = time.monotonic()
        self._patience = FIRST_SECONDS

    def __enter__(self) -> Self:
        with connection(self._database) as opened:
            version = str(opened.execute(text(VERSION)).scalar_one())
        with ExitStack() as stack:
            self._wire = stack.enter_context(writing(self._database, NO_END)).pgconn  # a changefeed is no query that only reads
            self._wire.send_query(statement(str(self._database.url.database), self._places, self._since, version).encode())
            self._wire.set_single_row_mode()
            self._opened = stack.pop_all()
        self._heard_at = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.close()

    def get(self, timeout_seconds: float) -> Changed | Resolved | None:
        """What is told next; None when nothing is told within the time."""
        wire = self._wire
        try:
            while wire.is_busy():
                heard = select.select([wire.socket], [], [], timeout_seconds)[0]
                wire.consume_input()  # what TLS has decrypted already makes no socket readable
                if not heard and wire.is_busy():
                    self._fail_if_silent()
                    return None
            result = wire.get_result()
        except OperationalError as error:
            raise explain(error, self._database, broken=True) from None
        self._heard_at, self._patience = time.monotonic(), SILENCE_SECONDS
        if result is None or result.status != ExecStatus.SINGLE_TUPLE:
            raise self._ended(result)
        return self._told(result)

    def settle(self, moment: str) -> None:
        """Nothing of a changefeed is kept by the cluster."""

    def _told(self, result: PGresult) -> Changed | Resolved:
        name, key, value = (_bytes(result, column) for column in range(3))
        told = _decode(value or b"{}")
        if name is None and told.resolved is not None:
            moment = told.resolved.rstrip("?")  # so some versions call moments that have not come yet
            return Resolved(moment, moment)
        place = place_of((name or b"").decode(), self._told_names)
        if place is None or key is None or told.updated is None:
            raise SourceError(f"the changefeed of {self._database.name} told what it was not asked for: {(name or b'').decode()}")
        return Changed(place, key.decode(), told.updated.rstrip("?"))

    def _fail_if_silent(self) -> None:
        if time.monotonic() - self._heard_at > self._patience:
            raise SourceUnavailableError(f"the changefeed of {self._database.name} has told nothing for {self._patience:.0f} s")

    def _ended(self, result: PGresult | None) -> PipelineError:
        said = " ".join(((result.error_message if result is not None else b"") or b"").decode(errors="replace").split())
        if (found := _NO_MORE.search(said)) and (gone := self._called(found["ended"] or found["offline"])):
            return NoMoreToldError(f"the changefeed ended: {said}", gone)
        state = (result.error_field(DiagnosticField.SQLSTATE) if result is not None else None) or b""
        broken = not said or state.startswith((b"08", b"57P"))
        return explain(SourceError(f"the changefeed ended: {said}"), self._database, broken=broken)

    def _called(self, name: str) -> set[Place]:
        """The tables that an error may mean: it has their names as rows are told, or the last part alone."""
        place = self._told_names.get(name)
        return {place} if place else {each for each in self._places if name in (each[1], quoted(each[1]))}


def told_names(database: str, places: Iterable[Place]) -> dict[str, Place]:
    """What a changefeed may call each of the tables: each part of its name in quotes, or not, as CockroachDB's grammar needs them."""
    return {".".join(parts): place for place in places for parts in product(*((name, quoted(name)) for name in (database, *place)))}


def place_of(told: str, names: Mapping[str, Place]) -> Place | None:
    """The table that a changefeed calls so; the name of a column family may stand behind."""
    found = names.get(told)
    while found is None and "." in told:
        told = told.rpartition(".")[0]
        found = names.get(told)
    return found


def _bytes(result: PGresult, column: int) -> bytes | None:
    value = result.get_value(0, column)
    if value is not None and result.ftype(column) == _BYTEA:
        return bytes.fromhex(value[2:].decode())
    return value
