"""Resolve the versions below and write the lock: `python -m bench.locks.make`. Seldom needed, and only by developers."""

import tempfile
from pathlib import Path

from jgo.maven import MavenContext

from stack.locks.make import DEBEZIUM, dependency, write_lock

MONGO_KAFKA = "2.0.1"


def main() -> None:
    """Write the lock beside this module."""
    with tempfile.TemporaryDirectory() as folder:
        maven = MavenContext(repo_cache=Path(folder), timeout=60)
        peers = [
            dependency(maven, "io.debezium", "debezium-connector-mongodb", DEBEZIUM, "plugin", "tar.gz"),
            dependency(maven, "org.mongodb.kafka", "mongo-kafka-connect", MONGO_KAFKA, "all"),
        ]
        write_lock(Path(__file__).with_name("peers.toml"), peers, "bench.locks.make")


if __name__ == "__main__":
    main()
