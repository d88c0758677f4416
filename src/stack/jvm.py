"""The Java machine that Kafka and Kafka Connect run on."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack.layout import Layout
from stack.programs import java

LOGGING = {
    "rootLogger.level": "WARN",
    "rootLogger.appenderRef.console.ref": "console",
    "appender.console.type": "Console",
    "appender.console.name": "console",
    "appender.console.layout.type": "PatternLayout",
    "appender.console.layout.pattern": "%d %p %c - %m%n",
    "logger.debezium.name": "io.debezium",
    "logger.debezium.level": "INFO",
    "logger.converters.name": "io.debezium.converters",
    "logger.converters.level": "WARN",
}

START_FAST = ("-XX:TieredStopAtLevel=1",)
"""Compile quickly and optimise little: half the processor time to start."""

OPTIMISE_LATE = tuple(
    f"-XX:Tier4{threshold}"
    for threshold in ("InvocationThreshold=25000", "MinInvocationThreshold=3000", "CompileThreshold=75000", "BackEdgeThreshold=200000")
)
"""Optimise what runs five times as often as Java would wait for: not the start, but the snapshot of a large table."""


def write_properties(path: Path, properties: Mapping[str, object]) -> Path:
    """Write a Java properties file, readable by its owner alone, and return its path."""
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}={_escaped(value)}\n" for name, value in properties.items()), "ascii")
    return path


def _escaped(value: object) -> str:
    """As JSON escapes a string: Java takes the file for ISO-8859-1, and knows the same escapes (`java.util.Properties.load`)."""
    return json.dumps(str(value))[1:-1]


def java_command(layout: Layout, heap: str, compiler: Sequence[str], main: str, *arguments: str | Path) -> list[str | Path]:
    """The command line of a Java program with at most `heap` (such as 256m) of heap; the class path comes by `class_path`."""
    logging = write_properties(layout.run("log4j2.properties"), LOGGING)
    return [
        java().path,
        f"-Xmx{heap}",
        "-Duser.timezone=UTC",  # Debezium takes timestamps of arrays through it, and some do not exist elsewhere
        "-Xms32m",
        "-XX:+UseSerialGC",
        *compiler,
        "-XX:+ExitOnOutOfMemoryError",
        "--enable-native-access=ALL-UNNAMED",  # zstd, snappy and lz4; Java warns otherwise
        "-Djava.awt.headless=true",
        "-Djdk.nio.maxCachedBufferSize=1048576",  # a thread would keep a buffer of the largest record it ever sent
        f"-Dlog4j2.configurationFile={logging.as_uri()}",
        main,
        *arguments,
    ]


def class_path(jars: list[Path]) -> dict[str, str]:
    """The environment that gives Java its class path: as an argument it would fill every process list."""
    return {"CLASSPATH": ":".join(str(jar) for jar in jars)}
