"""For random rows, changes and conditions each collection equals SELECT ... WHERE on the real source."""

import os
import random
from collections.abc import Callable, Iterable
from typing import Any

from pymongo.database import Database
from tests.contract.filters import tables
from tests.contract.filters.values import Column, sample_table
from tests.e2e.harness.binlog_source import BinlogSource, binlog_request
from tests.e2e.harness.client import JobClient
from tests.e2e.harness.filtered import RandomChanges, decidable_conditions
from tests.e2e.harness.requests import job_request
from tests.e2e.harness.source import SourceDatabase

from pipeline.filters.catalogue import FilterColumn
from pipeline.sources.registry import open_source
from pipeline.sources.source import Mode

SEED = int(os.environ.get("ROWSTREAM_FILTERS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
TABLES, ROWS, CHANGES = 12, 40, 80

Select = Callable[[str], Iterable[tuple[Any, ...]]]


async def known_columns(request: dict[str, Any]) -> list[FilterColumn]:
    """The columns of the sample tables, as the source's catalogue has them."""
    details = request["jdbcConnectionDetails"]
    found = await open_source(details["type"], details["url"], details["user"], details["password"]).tables(Mode.CDC)
    return [FilterColumn(column.name, column.declared or column.base, column.collation) for column in found[0].columns]


def expect_selected(target: Database[Any], select: Select, conditions: dict[str, str]) -> None:
    """Each collection has the rows that the source selects."""
    for table, condition in conditions.items():
        wanted = sorted(row[0] for row in select(f"SELECT id FROM {table} WHERE {condition}"))
        found = sorted(each["_id"] for each in target[table].find({}, {"_id": 1}))
        assert found == wanted, f"{condition} (ROWSTREAM_FILTERS_SEED={SEED})"


async def follow(
    jobs: JobClient,
    request: dict[str, Any],
    schema: str,
    columns: tuple[Column, ...],
    run: Callable[..., int],
    select: Select,
    target: Database[Any],
) -> None:
    """Have a job follow random changes, and compare after its snapshot and at its end."""
    samples = {f"sample{number}": sample_table(columns, ROWS, SEED + number) for number in range(TABLES)}
    for name, table in samples.items():
        run(*table.create(name))
    source_type = request["jdbcConnectionDetails"]["type"]
    texts = decidable_conditions(columns, await known_columns(request), source_type, TABLES, SEED)
    conditions = dict(zip(samples, texts, strict=False))
    filters = {schema: {name: {"whereClause": text} for name, text in conditions.items()}}
    job_id = jobs.post(request | {"relationalTableFilters": filters})
    jobs.wait_until_streaming(job_id)
    expect_selected(target, select, conditions)
    for number, (name, table) in enumerate(samples.items()):
        run(*RandomChanges(name, table, SEED + number).statements(CHANGES))
    jobs.complete(job_id)
    expect_selected(target, select, conditions)


async def test_on_postgresql_collections_equal_what_their_conditions_select(
    jobs: JobClient, source: SourceDatabase, target: Database[Any], target_url: str
) -> None:
    def select(query: str) -> Iterable[tuple[Any, ...]]:
        return source.ask(query)

    source.admin(f"ALTER DATABASE \"{source.name}\" SET timezone = 'UTC'")
    await follow(jobs, job_request(source, target_url, "CDC"), "public", tables.POSTGRESQL, source.run, select, target)


async def test_on_mysql_and_mariadb_collections_equal_what_their_conditions_select(
    jobs: JobClient, binlog_source: BinlogSource, target: Database[Any], target_url: str
) -> None:
    request = binlog_request(binlog_source, target_url, "CDC")
    await follow(jobs, request, binlog_source.name, tables.MYSQL, binlog_source.run, binlog_source.ask, target)
