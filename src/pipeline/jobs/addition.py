"""Taking tables into a job that streams already."""

from pipeline.errors import ConfigError
from pipeline.jobs import capture
from pipeline.jobs.drive import Drive
from pipeline.jobs.job import Refresh, TablePlan
from pipeline.jobs.setup import check_fields, make_change_topics, plan_table, report
from pipeline.jobs.watch import look_at_slot
from pipeline.mapping.names import collection_names
from pipeline.projects.choice import NOT_TAKEN
from pipeline.sink.progress import create_checkpoints
from pipeline.sink.targets import claim_collections, prepare_targets
from pipeline.sources.source import Table


async def add_tables(drive: Drive, refresh: Refresh) -> tuple[str, ...]:
    """
    Take in those tables of the refresh that the job does not have; returns all that it took in.

    Everything that could be in the way is looked at before anything is made. What a new
    table needs is made in the order of a set-up: targets, checkpoints, topics, publications;
    then workers learn of it, and the connector.

    Raises:
        ConfigError: A table cannot be taken in.
    """
    everything = await drive.source.tables(drive.mode)
    catalogue = drive.job.project.tables.taken(everything)
    known = {plan.qualified_name for plan in drive.job.tables}
    missing = sorted(set(refresh.tables) - {table.qualified_name for table in everything})
    if missing:
        raise ConfigError(f"the source has no table {', '.join(missing)}", code="NO_TABLE")
    if untaken := sorted(set(refresh.tables) - known - {table.qualified_name for table in catalogue}):
        raise ConfigError(
            f"the project's settings, as they were when the job was posted, do not take {', '.join(untaken)}",
            suggestion="Change them, and post a new job.",
            code=NOT_TAKEN,
        )
    new = [table for table in catalogue if table.qualified_name in set(refresh.tables) - known]
    if new and not drive.source.takes_further_tables:
        names = ", ".join(table.qualified_name for table in new)
        raise ConfigError(
            f"the changes of {names} would not be told: the job's slot is of the tables that there were when it was made",
            suggestion="Post a new job.",
            code="NEW_TABLE_NOT_FOLLOWED",
        )
    if new:
        plans = _plans(drive, catalogue, new)
        findings = await drive.source.check(drive.mode, new)
        await report(drive, [finding for finding in findings if finding.table is not None])
        await _make(drive, plans, await drive.planned(catalogue), new)
        taken = (*refresh.new, *(plan.qualified_name for plan in plans))
        await drive.save(
            tables=(*drive.job.tables, *plans),
            topics=(*drive.job.topics, *(plan.topic for plan in plans)),
            types=tuple((await drive.source.types()).items()),
            refresh=refresh.model_copy(update={"new": taken}),
        )
    taken = drive.job.refresh.new if drive.job.refresh else ()
    if taken:
        await capture.start(drive)
    return taken


def _plans(drive: Drive, catalogue: list[Table], new: list[Table]) -> list[TablePlan]:
    """
    Say where the new tables' documents go; those of the job stay where they are.

    Raises:
        ConfigError: Their rows cannot be told apart, or they would share a collection or a change topic with other tables.
    """
    names = drive.job.project.names
    collections = collection_names([(table.schema, table.name) for table in catalogue], style=names)
    topics, taken = set(drive.job.topics), {plan.collection: plan.qualified_name for plan in drive.job.tables}
    plans = []
    for table in new:
        check_fields(table, drive.mode, names)
        plan = plan_table(drive, table, collections[table.schema, table.name])
        if not plan.key:
            raise ConfigError(
                f"{plan.qualified_name} has no primary key: rows that are read and change meanwhile could not be told apart",
                suggestion="Give it a primary key, or post a new job that takes it.",
                code="NO_KEY",
            )
        if plan.collection in taken or plan.topic in topics:
            raise ConfigError(
                f"{plan.qualified_name} would share the collection {plan.collection}, or its change topic, with another table of the job",
                suggestion="Post a new job, which names the collections anew.",
                code="NAME_TAKEN",
            )
        topics.add(plan.topic)
        taken[plan.collection] = plan.qualified_name
        plans.append(plan)
    return plans


async def _make(drive: Drive, plans: list[TablePlan], present: list[Table], new: list[Table]) -> None:
    job, collections, topics = drive.job, [plan.collection for plan in plans], [plan.topic for plan in plans]
    await claim_collections(drive.target, job.id, collections)
    await prepare_targets(drive.target, collections, drop=job.drop_collections)
    await create_checkpoints(drive.target, job.id, job.generation, topics)
    await make_change_topics(drive, topics)
    await look_at_slot(drive)  # to publish a table again that somebody took out would hide what was lost
    await drive.source.publish(drive.owned, [*present, *new])
