"""A fake of the readers of rowstream's own."""

from tests.unit.jobs.servers import Servers

from pipeline.connect.trace import Reason
from pipeline.reader.task import ReadTask


class Readers:
    """Readers of rowstream's own: one that is started again has no trouble but the next in the list."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._runs = False

    async def start(self, _name: str, task: ReadTask) -> None:
        self._runs = True
        self._servers.done.append(f"reader started for {', '.join(table.qualified_name for table in task.tables)}")

    def is_known(self, _: str) -> bool:
        return self._runs

    async def trouble(self, _: str) -> Reason | None:
        return self._servers.troubles.pop(0) if self._runs and self._servers.troubles else None

    async def end(self, _: str) -> None:
        self._runs = False
