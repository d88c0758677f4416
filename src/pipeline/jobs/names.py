"""The names of what a job owns: a function of its id and generation, so nothing is lost track of in a crash."""

from pipeline.sources.source import Ownership


def ownership(job_id: str, generation: int) -> Ownership:
    """Name everything that the job's generation owns; `job_id` is 24 hexadecimal digits."""
    stem = f"rowstream_{job_id}_g{generation}"
    return Ownership(
        job_id=job_id,
        generation=generation,
        connector=stem,
        topic_prefix=stem,
        slot=stem,
        publication=stem,
        notification_topic=f"{stem}.notifications",
        signal_topic=f"{stem}.signals",
        position_topic=f"{stem}.positions",
    )


def consumer_group(job_id: str, generation: int) -> str:
    """Name the consumer group in which the workers share the generation's change topics."""
    return f"rowstream_{job_id}_g{generation}"
