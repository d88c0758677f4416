"""Whether the server writes a binary log that a connector can follow."""

from collections.abc import Iterator, Mapping, Sequence

from pipeline.sources.mysql.connection import Session
from pipeline.sources.mysql.flavour import Flavour, version_number
from pipeline.sources.source import Finding, Mode, Severity, Table

VARIABLES = (
    "aurora_version",
    "basedir",
    "binlog_expire_logs_seconds",
    "binlog_format",
    "binlog_row_image",
    "binlog_row_value_options",
    "expire_logs_days",
    "innodb_flush_log_at_trx_commit",
    "log_bin",
    "log_replica_updates",
    "log_slave_updates",
    "read_only",
    "server_id",
    "sql_mode",
    "sync_binlog",
)

DAY_SECONDS = 86_400
OLDEST = {Flavour.MYSQL: (8, 0), Flavour.MARIADB: (10, 6)}
"""The oldest versions that the connectors are made for."""

Variables = Mapping[str, str]


async def read_variables(session: Session) -> Variables:
    """The server's settings, as far as a job needs to know; those that the server does not have are left out."""
    rows = await session.rows("SHOW GLOBAL VARIABLES WHERE variable_name IN %s", [VARIABLES])
    return {row["variable_name"].lower(): row["value"] for row in rows}


def is_managed(variables: Variables) -> bool:
    """Whether it is one of Amazon's servers, whose users cannot lock the whole server."""
    return "aurora_version" in variables or variables.get("basedir", "").startswith("/rdsdbbin")


def check_binlog(version: str, flavour: Flavour, variables: Variables, mode: Mode) -> Iterator[Finding]:
    """What is missing. A snapshot needs a log as well: the connector notes where it stands."""
    if version_number(version) < OLDEST[flavour]:
        oldest = ".".join(map(str, OLDEST[flavour]))
        yield Finding("SERVER_VERSION", Severity.WARNING, f"{flavour} {version} is older than {oldest}, which Debezium is made for")
    if variables.get("log_bin") != "ON":
        advice = "Start the server with log_bin. Amazon RDS: turn automatic backups on."
        yield Finding("LOG_BIN", Severity.ERROR, "The server writes no binary log", advice)
        return
    if not mode.streams:
        return
    yield from _settings(flavour, variables)
    if variables.get("server_id") == "0":
        yield Finding(
            "SERVER_ID", Severity.ERROR, "The server's server_id is 0: no replica can follow it", None, "SET GLOBAL server_id = 1;"
        )
    if variables.get("read_only") == "ON" and "OFF" in (variables.get("log_replica_updates"), variables.get("log_slave_updates")):
        advice = "Start it with log_replica_updates (MariaDB and older MySQL: log_slave_updates), or name the primary."
        yield Finding("LOG_REPLICA_UPDATES", Severity.ERROR, "The server is a replica that does not log what it replicates", advice)
    yield from _retention(flavour, variables)
    yield from _durability(variables)


async def check_filters(session: Session, statement: str, tables: Sequence[Table]) -> list[Finding]:
    """Whether the log leaves out databases of the job; `statement` asks for the log's status."""
    status = await session.row(statement)
    if status is None:
        return []
    taken = sorted({table.schema for table in tables})
    only, ignored = _names(status.get("binlog_do_db")), _names(status.get("binlog_ignore_db"))
    missing = [name for name in taken if (only and name not in only) or name in ignored]
    if not missing:
        return []
    message = f"The binary log leaves out the database {', '.join(missing)}"
    return [Finding("BINLOG_FILTER", Severity.ERROR, message, "Start the server without binlog_do_db and binlog_ignore_db for it.")]


def _settings(flavour: Flavour, variables: Variables) -> Iterator[Finding]:
    wanted = {"binlog_format": "ROW", "binlog_row_image": "FULL", "binlog_row_value_options": ""}
    for name, value in wanted.items():
        found = variables.get(name, value)
        if found.upper() != value:
            keyword = "PERSIST" if flavour is Flavour.MYSQL else "GLOBAL"
            yield Finding(
                name.upper(),
                Severity.ERROR,
                f"The server's {name} is {found or 'empty'}, not {value or 'empty'}: changes would lack values",
                "Then let the application connect anew: sessions keep the setting they began with."
                + ("" if flavour is Flavour.MYSQL else " Write it into the server's option file, too."),
                f"SET {keyword} {name} = '{value}';",
            )


def _retention(flavour: Flavour, variables: Variables) -> Iterator[Finding]:
    """0 means for ever; Amazon's servers have a setting of their own that only a procedure shows."""
    if is_managed(variables):
        advice = "If it keeps its log for less than a day: CALL mysql.rds_set_configuration('binlog retention hours', 72);"
        yield Finding("BINLOG_RETENTION", Severity.OK, "How long the server keeps its log is not told by its variables", advice)
        return
    seconds = int(variables.get("binlog_expire_logs_seconds") or 0) or round(float(variables.get("expire_logs_days") or 0) * DAY_SECONDS)
    if 0 < seconds < DAY_SECONDS:
        remedy = "SET PERSIST binlog_expire_logs_seconds = 604800;" if flavour is Flavour.MYSQL else "SET GLOBAL expire_logs_days = 7;"
        yield Finding(
            "BINLOG_RETENTION",
            Severity.WARNING,
            f"The server keeps its log for {seconds} s: a job that is kept from reading for longer has to begin again",
            None,
            remedy,
        )


def _durability(variables: Variables) -> Iterator[Finding]:
    """A server that writes rows and log at different times has the one and not the other after a crash, and the connector reads the log."""
    relaxed = [name for name in ("innodb_flush_log_at_trx_commit", "sync_binlog") if variables.get(name, "1") != "1"]
    if relaxed:
        found = " and ".join(f"{name} = {variables[name]}" for name in relaxed)
        yield Finding(
            "BINLOG_DURABILITY",
            Severity.WARNING,
            f"The server has {found}: after a crash of it, or of its machine, its rows and its log may differ, and documents equal the log",
            "Set both to 1, or have the job begin again after such a crash.",
            " ".join(f"SET GLOBAL {name} = 1;" for name in relaxed),
        )


def _names(text: str | None) -> set[str]:
    return {name.strip() for name in (text or "").split(",") if name.strip()}
