"""An Oracle database as the source of one job."""

from collections.abc import Sequence

from pipeline.sources import patterns
from pipeline.sources.findings import by_severity
from pipeline.sources.oracle import connector
from pipeline.sources.oracle.catalogue import read_tables
from pipeline.sources.oracle.connection import container_session, session
from pipeline.sources.oracle.flush import drop_flush_table, drop_statement
from pipeline.sources.oracle.position import ScnPassage, read_scn
from pipeline.sources.oracle.readiness import LOG_GROUPS, WHERE, check_root, check_tables, logs_all_columns
from pipeline.sources.oracle.url import OracleUrl, parse
from pipeline.sources.positioned import PositionedSource, Uncaptured
from pipeline.sources.queries import only_row
from pipeline.sources.source import Finding, Mode, Ownership, Passage, Severity, Table


class OracleSource(PositionedSource):
    """
    Implements `pipeline.sources.source.Source`; each call opens and closes a session of its own.

    The log is that of the whole container database, the tables are those of a pluggable one, if one is named.
    """

    connector_class = connector.CONNECTOR_CLASS
    wording = connector.WORDING
    uncaptured = Uncaptured(
        "the log no longer holds all columns of a changed row, so that values are lost",
        "Run: ALTER TABLE ... ADD SUPPLEMENTAL LOG DATA (ALL) COLUMNS; then post the job again with a snapshot.",
        "SUPPLEMENTAL_LOGGING",
    )

    def __init__(self, url: OracleUrl) -> None:
        self._url = url
        self._database = ""

    @property
    def password(self) -> str | None:
        """What Kafka Connect must be told to log in."""
        return self._url.password

    async def check(self, mode: Mode, tables: Sequence[Table]) -> list[Finding]:
        """Say what the database still lacks for a job of this mode on these tables."""
        async with session(self._url) as queries:
            findings = await check_root(queries, mode, self._url.pdb)
            all_columns = await logs_all_columns(queries) if not _refused(findings) else False
        if _refused(findings):
            return findings
        async with container_session(self._url) as queries:
            return by_severity(findings + await check_tables(queries, mode, tables, all_columns=all_columns))

    async def tables(self, mode: Mode) -> list[Table]:
        """List the tables of all schemas that are not Oracle's own, in name order, whatever the mode."""
        async with session(self._url) as queries:
            self._database = (await only_row(queries, WHERE))["database_name"].upper()
        async with container_session(self._url) as queries:
            return await read_tables(queries)

    async def present_tables(self, mode: Mode, owned: Ownership) -> dict[tuple[str, str], bool]:
        """The tables that a job would take now, and of each whether the log has all of its columns."""
        async with session(self._url) as queries:
            every_table = await logs_all_columns(queries)
        async with container_session(self._url) as queries:
            logged = {(row["owner"], row["table_name"]) for row in await queries.rows(LOG_GROUPS)}
            names = [(table.schema, table.name) for table in await read_tables(queries)]
        return {name: every_table or name in logged for name in names}

    def connector_config(self, mode: Mode, owned: Ownership, tables: Sequence[Table], password: str | None, kafka: str) -> dict[str, str]:
        """Build the connector's configuration, constants of `connector_configs/oracle.json` included."""
        return connector.connector_config(mode, owned, tables, url=self._url, database=self._database, password=password, kafka=kafka)

    def signal_name(self, table: Table) -> str:
        """What a signal to Debezium calls the table: with the pluggable database, or the database itself."""
        return patterns.named(self._url.pdb or self._database, table.schema, table.name)

    async def passage(self, tables: Sequence[tuple[str, str]]) -> Passage:
        """Begin to tell when the connector has read all that is committed by now."""
        async with session(self._url) as queries:
            return ScnPassage(await read_scn(queries))

    async def clean_up(self, owned: Ownership) -> None:
        """Drop the table by which the connector had the log flushed, which it makes where the tables are."""
        async with container_session(self._url) as queries:
            await drop_flush_table(queries, owned)

    def leftovers(self, owned: Ownership) -> list[str]:
        """The SQL that drops it by hand, as the connector's user."""
        return [f"{drop_statement(owned)};"]


def _refused(findings: Sequence[Finding]) -> bool:
    """Whether the tables cannot even be looked at: something is wrong with where the URL leads, or with the user."""
    return any(finding.severity is Severity.ERROR and finding.check in ("PDB", "PRIVILEGE") for finding in findings)


def open_source(url: str, user: str | None, password: str | None, *, slot_timeout_seconds: float, pdb: str | None = None) -> OracleSource:
    """The source that the JDBC URL names; credentials given beside it outrank its own. It has no slot to wait for."""
    return OracleSource(parse(url, user, password, pdb))
