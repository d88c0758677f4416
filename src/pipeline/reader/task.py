"""What a reader is told to do."""

import msgspec
from msgspec import Struct


class ReadTable(Struct, frozen=True):
    """One table: its key as the job has it, the topic that its rows go to, the condition on them in SQL, and how many are read at most."""

    schema: str
    name: str
    key: tuple[str, ...]
    topic: str
    condition: str | None = None
    row_count: int | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Schema and name."""
        return self.schema, self.name

    @property
    def qualified_name(self) -> str:
        """schema.table, unquoted."""
        return f"{self.schema}.{self.name}"


class ReadTask(Struct, frozen=True):
    """
    What rowstream's own reader does for a job: `reads` the rows that there are, `follows` their changes, or both.

    `transactional_id` is the same in every attempt, so that each fences the ones before it.
    `tables_at_once` are read side by side, on a connection each.
    """

    source_type: str
    url: str
    user: str | None
    password: str | None
    tables: tuple[ReadTable, ...]
    bootstrap_servers: str
    topic_prefix: str
    notification_topic: str
    position_topic: str
    signal_topic: str
    transactional_id: str
    tables_at_once: int
    reads: bool = True
    follows: bool = False

    def __repr__(self) -> str:
        return f"ReadTask({self.transactional_id})"


encode_task = msgspec.json.Encoder().encode
decode_task = msgspec.json.Decoder(ReadTask).decode
