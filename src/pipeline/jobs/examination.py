"""What would become of a job request, found out without starting a job: every check at once, and what Kafka Connect would be sent."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from bson import ObjectId

from pipeline.errors import ConfigError, PipelineError
from pipeline.jobs.connector import AT_LEAST_ONCE, ENABLE_EXACTLY_ONCE, accepted_config, told_twice
from pipeline.jobs.engine import Engine
from pipeline.jobs.filters import filtered, find_filters, plan_filters, posted_filters
from pipeline.jobs.names import ownership
from pipeline.jobs.redact import MASK, is_secret_name
from pipeline.jobs.request import JobRequest
from pipeline.jobs.setup import check_fields
from pipeline.jobs.target_url import target_database
from pipeline.mapping.names import collection_names
from pipeline.mapping.style import Names
from pipeline.projects.choice import checked
from pipeline.projects.project import ProjectSettings
from pipeline.sink.targets import count_documents, find_faults, open_target
from pipeline.sources.registry import has_own_reader, open_source
from pipeline.sources.source import Finding, Mode, Severity, Source, Table

NO_JOB = "0" * 24
"""Stands for the id of the job, after which everything is named that it owns."""

_ORDER = list(Severity)


class Area(StrEnum):
    """The part of a job that a check looks at."""

    SOURCE = "SOURCE"
    TARGET = "TARGET"
    ENGINE = "ENGINE"


class Check(NamedTuple):
    """A finding, and what it is about."""

    area: Area
    finding: Finding


@dataclass(frozen=True, slots=True)
class PlannedTable:
    """A table that the job would take, and the collection of its documents."""

    table: str
    collection: str
    key: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """The connector's configuration without its secrets, and the tables."""

    config: dict[str, str]
    tables: tuple[PlannedTable, ...]


async def examine(request: JobRequest, project: ProjectSettings, engine: Engine) -> list[Check]:
    """
    Make every check on source, target, Kafka and Kafka Connect, and say what was found, errors first.

    Nothing is made. What does not answer is a finding, too. Only a source that can be read has the
    connector's configuration tried, by Kafka Connect, which then connects to it.
    """
    source = _source(request)
    tables, at_source = await _look_at_source(source, request, project)
    at_target, at_engine = await asyncio.gather(
        _look_at_target(request, _collections(tables, project.names)), _look_at_engine(request, source, tables, engine)
    )
    found = {Area.SOURCE: at_source, Area.TARGET: at_target, Area.ENGINE: at_engine}
    checks = [Check(area, finding) for area, findings in found.items() for finding in findings]
    return sorted(checks, key=lambda check: _ORDER.index(check.finding.severity))


async def preview(request: JobRequest, project: ProjectSettings, engine: Engine) -> Preview:
    """
    Return what a job would hand Kafka Connect, and which tables it would take; the names that hold its id have `NO_JOB` there.

    The configuration is empty for a database that rowstream's own reader reads.

    Raises:
        SourceUnavailableError: The source does not answer.
        ConfigError: It cannot be read.
    """
    mode, source = request.options.mode, _source(request)
    source_type = request.jdbc_connection_details.type
    tables = checked(project.tables, await source.tables(mode))
    filters = plan_filters(posted_filters(request.relational_table_filters), source_type, tables, mode)
    tables = filtered(tables, filters, source_type)
    names = collection_names([(table.schema, table.name) for table in tables], style=project.names)
    config = {}
    if not has_own_reader(source_type):
        password = None if source.password is None else MASK
        config = source.connector_config(mode, ownership(NO_JOB, 1), tables, password, engine.kafka_for_connect)
    return Preview(
        {name: MASK if is_secret_name(name) else value for name, value in config.items()},
        tuple(PlannedTable(table.qualified_name, names[table.schema, table.name], table.key) for table in tables),
    )


def _source(request: JobRequest) -> Source:
    details = request.jdbc_connection_details
    password = details.password.get_secret_value() if details.password else None
    return open_source(details.type, details.url.get_secret_value(), details.user, password, pdb=details.oracle_pdb_name)


async def _look_at_source(source: Source, request: JobRequest, project: ProjectSettings) -> tuple[list[Table], list[Finding]]:
    mode, source_type = request.options.mode, request.jdbc_connection_details.type
    try:
        catalogue = await source.tables(mode)
        tables = project.tables.taken(catalogue)
        filters, faults = find_filters(posted_filters(request.relational_table_filters), source_type, tables, mode)
        tables = filtered(tables, filters, source_type)
        findings = await source.check(mode, tables)
    except PipelineError as error:
        return [], [_finding(error)]
    findings += [*project.tables.findings(catalogue), *(_finding(error, table) for table, error in faults.items())]
    findings += _collisions(tables, mode, project.names)
    if all(finding.severity is not Severity.ERROR for finding in findings):
        findings.append(Finding("SOURCE", Severity.OK, f"{len(tables):,} tables can be read"))
    return tables, findings


def _collisions(tables: Sequence[Table], mode: Mode, names: Names) -> Iterator[Finding]:
    """What cannot be told apart by the names that it would have in MongoDB."""
    try:
        collection_names([(table.schema, table.name) for table in tables], style=names)
    except ConfigError as error:
        yield _finding(error)
    for table in tables:
        try:
            check_fields(table, mode, names)
        except ConfigError as error:
            yield _finding(error, table.qualified_name)


def _collections(tables: Sequence[Table], names: Names) -> list[str]:
    try:
        return sorted(set(collection_names([(table.schema, table.name) for table in tables], style=names).values()))
    except ConfigError:
        return []


async def _look_at_target(request: JobRequest, collections: Sequence[str]) -> list[Finding]:
    url = request.mongodb_connection_details.connection_string.get_secret_value()
    try:
        async with open_target(url) as client:
            database = client[target_database(url)]
            faults = [_finding(error) for error in await find_faults(database, collections)]
            held = {} if faults else await count_documents(database, collections)
    except PipelineError as error:
        return [_finding(error)]
    if faults:
        return faults
    fit = Finding("TARGET", Severity.OK, f"The database {database.name} can be written to in transactions")
    return [*(_occupied(name, count, drop=request.options.drop_collections) for name, count in held.items()), fit]


def _occupied(collection: str, count: int, *, drop: bool) -> Finding:
    holds = f"The collection {collection} holds some {count:,} documents"
    if drop:
        return Finding("TARGET_DROPPED", Severity.WARNING, f"{holds}, which the job drops", "Leave dropCollections out to keep them.")
    return Finding(
        "TARGET_NOT_EMPTY",
        Severity.WARNING,
        f"{holds}: those whose _id is the key of a row are replaced, all others stay",
        "Set dropCollections, or name another database in the connection string, to begin with an empty one.",
    )


async def _look_at_engine(request: JobRequest, source: Source, tables: Sequence[Table], engine: Engine) -> list[Finding]:
    try:
        await engine.topics.ping()
        if has_own_reader(request.jdbc_connection_details.type):
            return [Finding("ENGINE", Severity.OK, "Kafka answers; Kafka Connect is not needed")]
        if not tables:
            await engine.connect.plugins()
            return [Finding("ENGINE", Severity.OK, "Kafka and Kafka Connect answer")]
        return await _try_connector(source, request.options.mode, tables, engine)
    except PipelineError as error:
        return [_finding(error)]


async def _try_connector(source: Source, mode: Mode, tables: Sequence[Table], engine: Engine) -> list[Finding]:
    """Have Connect, and the connector itself, look at the configuration, its password handed over as a job's would be."""
    owned = ownership(str(ObjectId()), 1)
    try:
        password = engine.connect_secrets.write(owned.connector, source.password)
        config = source.connector_config(mode, owned, tables, password, engine.kafka_for_connect)
        accepted = await accepted_config(engine.connect, source.connector_class, config)
    finally:
        engine.connect_secrets.remove(owned.connector)
    if accepted != config:
        return [Finding(AT_LEAST_ONCE, Severity.WARNING, told_twice(source), ENABLE_EXACTLY_ONCE)]
    return [Finding("CONNECTOR", Severity.OK, f"Kafka Connect accepts the configuration of {source.connector_class}")]


def _finding(error: PipelineError, table: str | None = None) -> Finding:
    return Finding(error.code, Severity.ERROR, error.message, error.suggestion, table=table)
