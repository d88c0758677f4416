"""
Resolve the versions below and write the locks: `python -m stack.locks.make`. Seldom needed, and only by developers.

Coordinates end in "!", plain Maven semantics: without it jgo takes every POM named here for a
bill of materials, and log4j's dependency management then replaces Kafka's own client by an
older one. jgo goes on silently when a POM is lost, so the number of files is checked.
"""

import hashlib
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jgo.maven import MavenContext

KAFKA = "4.3.1"
LOG4J = "2.25.3"
DEBEZIUM = "3.6.1.Final"
DEBEZIUM_POSTGRESQL = "3.7.0.Final"  # until 3.7 a task that is restarted may skip changes (debezium/dbz#76, debezium/dbz#1554)
DEBEZIUM_LAST = "3.5.0.Final"  # the newest release of the connectors that have no 3.6.1
DB2_DRIVER = "12.1.0.0"
ICU = "77.1"  # character sets of SQL Server and Db2 that the packaged Java leaves out
JARS = 94
FOLDER = Path(__file__).parent


def main() -> None:
    """Write both locks beside this module."""
    with tempfile.TemporaryDirectory() as folder:
        maven = MavenContext(repo_cache=Path(folder), timeout=60)
        jars = _jars(maven)
        if len(jars) != JARS:
            sys.exit(f"{len(jars)} jars instead of {JARS}: a POM was lost, or versions were changed on purpose")
        write_lock(FOLDER / "kafka.toml", jars)
        write_lock(FOLDER / "plugins.toml", _plugins(maven))


def dependency(maven: MavenContext, group: str, name: str, version: str, classifier: str = "", packaging: str = "jar") -> Any:
    """jgo's dependency on one file."""
    return maven.create_dependency(f"{group}:{name}:{version}:{classifier}:{packaging}:!")


def _jars(maven: MavenContext) -> list[Any]:
    kafka = ("kafka_2.13", "connect-runtime", "connect-json", "connect-transforms", "kafka-tools")
    roots = [dependency(maven, "org.apache.kafka", name, KAFKA) for name in kafka]
    roots += [dependency(maven, "org.apache.logging.log4j", name, LOG4J) for name in ("log4j-core", "log4j-slf4j-impl")]
    roots += [dependency(maven, "com.ibm.icu", name, ICU) for name in ("icu4j-charset", "icu4j")]
    top, rest = maven.resolver.resolve(roots)
    return [*top, *(found for found in rest if found.scope in ("compile", "runtime"))]


def _plugins(maven: MavenContext) -> list[Any]:
    versions = {
        DEBEZIUM_POSTGRESQL: ("postgres",),
        DEBEZIUM: ("mysql", "sqlserver", "oracle", "db2"),
        DEBEZIUM_LAST: ("mariadb",),
    }
    plugins = [
        dependency(maven, "io.debezium", f"debezium-connector-{name}", version, "plugin", "tar.gz")
        for version, names in versions.items()
        for name in names
    ]
    return [*plugins, dependency(maven, "com.ibm.db2", "jcc", DB2_DRIVER)]


def write_lock(path: Path, dependencies: Iterable[Any], program: str = "stack.locks.make") -> None:
    """Write the lock that pins these files; `program` is the module that one runs to make it anew."""
    with ThreadPoolExecutor(8) as pool:
        entries = list(pool.map(_entry, dependencies))
    path.write_text(f"# Written by `python -m {program}`.\n\n" + "\n".join(entries), "utf-8")
    print(f"{path}: {len(entries)} files")  # noqa: T201 - a developer's program


def _entry(dependency: Any) -> str:
    artifact = dependency.artifact
    content = artifact.resolve().read_bytes()
    fields: dict[str, str | int] = {
        "group": artifact.groupId,
        "name": artifact.artifactId,
        "version": artifact.version,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "extension": artifact.packaging,
        "classifier": artifact.classifier,
    }
    lines = (f"{key} = {value}" if isinstance(value, int) else f'{key} = "{value}"' for key, value in fields.items() if value != "")
    return "[[artifact]]\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
