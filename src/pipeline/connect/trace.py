"""From a failed task's stack trace to what went wrong and what to do about it."""

import re
from dataclasses import dataclass

LONGEST_CAUSE = 500

WRAPPERS = re.compile(
    r"An exception occurred in the change event producer"
    r"|Error processing binlog event"
    r"|Tolerance exceeded in error handler"
    r"|Unrecoverable exception"
    r"|Failed to start replication stream"
    r"|java\.util\.concurrent\.(Completion|Execution)Exception"
    r"|^[\w.$]+Exception: [\w.$]+Exception: "
)
"""Lines that only say that something below them failed."""


@dataclass(frozen=True, slots=True)
class Reason:
    """
    Why a task failed. `final`: starting it again cannot help; `outage`: it will help once a server is back, however late.

    `table` (schema.table) and `column` say where, as far as it is known.
    """

    code: str
    cause: str
    suggestion: str | None = None
    final: bool = False
    outage: bool = False
    table: str | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    pattern: re.Pattern[str]
    code: str
    suggestion: str
    final: bool = False
    cause: str | None = None
    outage: bool = False


def _known(pattern: str, code: str, suggestion: str, *, final: bool = False, cause: str | None = None, outage: bool = False) -> _Known:
    return _Known(re.compile(pattern, re.IGNORECASE), code, suggestion, final, cause, outage)


SNAPSHOT_AGAIN = "Post the job again with a snapshot."
VALUE_AGAIN = "The connector would meet the value again: change it or its column's type at the source, or leave the table out."
BROKERS = "See whether the Kafka brokers are well."

KNOWN = (
    _known(
        r"BinlogOffsetContext.* no longer available on the server|binlog files have been purged|purged required binary logs"
        r"|Could not find first log file name|Cannot replicate because the (?:master|source) purged",
        "BINLOG_LOST",
        f"{SNAPSHOT_AGAIN} Before that, have the server keep its log longer (binlog_expire_logs_seconds; MariaDB: expire_logs_days).",
        final=True,
        cause="the server has purged the part of its binary log that the connector needs",
    ),
    _known(
        r"with the same server_uuid/server_id as this (?:slave|replica)",
        "SERVER_ID_TAKEN",
        "Give the other replica, which has the number of the job's connector (database.server.id), another number.",
    ),
    _known(
        r"DDL statement couldn't be parsed|ParsingException",
        "DDL_NOT_UNDERSTOOD",
        "Debezium does not understand the statement: undo it, say it in another way, and post the job again.",
        final=True,
    ),
    _known(
        r"whose schema isn't known to this connector|internal schema size \d+, but row size",
        "COLUMNS_NOT_KNOWN",
        f"The connector's history of the table's columns does not fit its changes (a row image that is not FULL?). {SNAPSHOT_AGAIN}",
        final=True,
    ),
    _known(
        r"this is no longer available on the server|requested WAL segment .* has already been removed"
        r"|can no longer (?:get changes from|access) replication slot|slot .* (?:has been|was) invalidated"
        r"|replication slot .* does not exist",
        "SLOT_LOST",
        f"{SNAPSHOT_AGAIN} If the server gave the slot up, raise max_slot_wal_keep_size.",
        final=True,
        cause="the replication slot, or the log that it needs, is gone from the server",
    ),
    _known(r"publication .* does not exist|Publication autocreation is disabled", "PUBLICATION_GONE", SNAPSHOT_AGAIN, final=True),
    _known(
        r"RecordTooLargeException|larger than .*max\.request\.size|larger than the (?:maximum request size|total memory buffer)",
        "RECORD_TOO_LARGE",
        "Raise message.max.bytes of the brokers, and producer.max.request.size and producer.buffer.memory of Kafka Connect.",
        final=True,
    ),
    _known(
        r"OutOfMemoryError|Java heap space",
        "OUT_OF_MEMORY",
        "Give Kafka Connect a larger heap (KAFKA_HEAP_OPTS).",
    ),
    _known(
        r"Failed to properly convert data value",
        "VALUE_NOT_CONVERTIBLE",
        VALUE_AGAIN,
        final=True,
    ),
    _known(
        r"Error while processing event|DataException|cannot be converted|Unexpected value for JDBC type|unable to convert",
        "VALUE_NOT_CONVERTIBLE",
        VALUE_AGAIN,
        final=True,
    ),
    _known(
        r"password authentication failed|Access denied for user|no pg_hba\.conf entry"
        r"|role .* (?:does not exist|is not permitted to log in)",
        "SOURCE_LOGIN",
        "Restore the user, its password and the server's rules that the job was posted with, or post the job again.",
    ),
    _known(
        r"permission denied|must be (?:superuser|owner)|only roles with the REPLICATION attribute"
        r"|you need \(at least one of\) the|privilege required to obtain|command denied to user",
        "SOURCE_PRIVILEGE",
        "Grant the user what is missing; the page of the database in docs/sources has the SQL.",
    ),
    _known(
        r"replication slot .* is active",
        "SLOT_IN_USE",
        "Another session reads the slot; the server ends dead ones after wal_sender_timeout.",
    ),
    _known(
        r"Topic .* not present in metadata|UnknownTopicOrPartition",
        "TOPIC_MISSING",
        "Somebody deleted a topic of the job: post it again.",
        final=True,
    ),
    _known(
        r"errors\.(Timeout|Network|Disconnect|NotLeaderOrFollower|LeaderNotAvailable|BrokerNotAvailable|NotEnoughReplicas\w*"
        r"|CoordinatorNotAvailable|CoordinatorLoadInProgress|NotCoordinator|ConcurrentTransactions|NotController)Exception",
        "KAFKA",
        BROKERS,
        outage=True,
    ),
    _known(
        r"org\.apache\.kafka\.common\.errors\.|Failed to (?:commit|flush|send) |producer .* fenced|ProducerFenced",
        "KAFKA",
        BROKERS,
    ),
    _known(
        r"Connection to .* refused|connection attempt failed|terminating connection|database system is|UnknownHostException|SocketException"
        r"|SocketTimeoutException|connection has been closed|I/O error occurred|Communications link failure"
        r"|Failed to read next byte from position|Failed to establish connection with the database|Failed to connect to MySQL on"
        r"|Unable to connect to the database at|while waiting to connect to database|Server shutdown in progress",
        "SOURCE_AWAY",
        "See whether the source database runs and Kafka Connect reaches it.",
        outage=True,
    ),
)

OF_VENDORS = (
    _known(
        r"(?:SqlServer|Oracle|Db2)OffsetContext.* no longer available on the server|ORA-01291|ORA-00308"
        r"|do not contain the offset scn|None of (?:the )?log files? contains? offset SCN",
        "LOG_LOST",
        f"{SNAPSHOT_AGAIN} Before that, have the database keep its log, or what it captures of it, longer.",
        final=True,
        cause="the log, or what was captured of it, is gone from the database beyond where the connector stopped",
    ),
    _known(
        r"ORA-01555",
        "SNAPSHOT_TOO_OLD",
        "The database forgot old rows while they were read: raise UNDO_RETENTION and give the undo tablespace room.",
    ),
    _known(
        r"Snapshot isolation transaction failed",
        "SNAPSHOT_ISOLATION",
        "A table was altered while it was read, or the database does not allow snapshot "
        "isolation: ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON.",
    ),
    _known(
        r"Login failed for user|ORA-(?:01017|28000|28001|01045)|SQL30082N|ERRORCODE=-4214",
        "SOURCE_LOGIN",
        "Restore the user and the password that the job was posted with, or post the job again.",
    ),
    _known(
        r"permission was denied on the object|ORA-(?:01031|00942)|SQLCODE=-551\b",
        "SOURCE_PRIVILEGE",
        "Grant the user what is missing; the page of the database in docs/sources has the SQL.",
    ),
    _known(
        r"The TCP/IP connection to the host|SQLServerException: The connection is closed|deadlocked on lock"
        r"|ORA-(?:12541|12514|12516|12170|17002|17008|17800|01033|01034|01089|01109|03113|03114|03135)"
        r"|ERRORCODE=-(?:4499|4470|1224)\b|SQLCODE=-1224\b",
        "SOURCE_AWAY",
        "See whether the source database runs and Kafka Connect reaches it.",
        outage=True,
    ),
)
"""What SQL Server, Oracle and Db2 say through their JDBC drivers."""


def explain(trace: str) -> Reason:
    """
    The cause in a Java stack trace: the first exception of the chain that says more than that another failed.

    A trace that no rule knows gives the code CONNECTOR.
    """
    chain = _chain(trace)
    telling = [line for line in chain if not WRAPPERS.search(line)] or chain
    for known in (*OF_VENDORS, *KNOWN):
        for line in telling:
            if known.pattern.search(line):
                return Reason(known.code, known.cause or _words(line), known.suggestion, known.final, known.outage)
    return Reason("CONNECTOR", _words(telling[0]) if telling else "it said nothing of the cause")


def _chain(trace: str) -> list[str]:
    """The exceptions of the chain, outermost first, each with its message on one line."""
    chain: list[str] = []
    for line in trace.splitlines():
        text = line.strip()
        if re.match(r"(at |\.\.\. \d+ more|Suppressed:)", text) or not text:
            continue
        if text.startswith("Caused by: ") or not chain:
            chain.append(text.removeprefix("Caused by: "))
        else:
            chain[-1] += f" {text}"
    return chain


def _words(line: str) -> str:
    """What an exception says, without its class where it says anything."""
    match = re.match(r"[\w.$]+(?:Exception|Error): (.+)", line)
    words = match[1] if match else line
    return words if len(words) <= LONGEST_CAUSE else f"{words[:LONGEST_CAUSE]}..."
