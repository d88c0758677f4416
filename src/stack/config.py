"""What the embedded stack is told."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from pipeline.settings import Settings
from stack.errors import StackError, file_errors_told
from stack.layout import Layout
from stack.ports import PortPlan

CONTROL = "ROWSTREAM_CONTROL_URL"
KAFKA = "ROWSTREAM_KAFKA_BOOTSTRAP_SERVERS"
CONNECT = "ROWSTREAM_CONNECT_URL"
SECRETS = "ROWSTREAM_CONNECT_SECRETS_DIR"
EXTRAS = ("mysql", "mariadb")
"""Servers that are started only when they are asked for."""

KAFKA_HEAP = "384m"
CONNECT_HEAP = "768m"


@dataclass(frozen=True, slots=True)
class StackConfig:
    """
    One embedded stack.

    `own` holds the settings (by their names in the environment) of the servers that the
    user has already: those are not started. `extras` are those of `EXTRAS` that are wanted.
    Heaps are Java's, such as 512m.
    """

    home: Path
    cache: Path
    ports: PortPlan = field(default_factory=PortPlan)
    own: Mapping[str, str] = field(default_factory=dict)
    extras: tuple[str, ...] = ()
    kafka_heap: str = KAFKA_HEAP
    connect_heap: str = CONNECT_HEAP

    @property
    def layout(self) -> Layout:
        """The home's folders."""
        return Layout(self.home)


@file_errors_told()
def read_config(
    home: Path | None = None, ports: Mapping[str, int | None] | None = None, extras: Sequence[str] | None = None
) -> StackConfig:
    """
    Read the configuration: options, then the environment, then what the home was started with last, then the defaults.

    `ports` are options by server; None is one that was not given. So is it for `extras`.

    Raises:
        StackError: An extra server is not known; a port is none, or two servers would have the same; a setting or the home cannot be read.
    """
    where = (home or environment_settings().home).expanduser().resolve()
    cache = Path(os.environ.get("ROWSTREAM_CACHE") or Path.home() / ".cache" / "rowstream").expanduser().resolve()
    return StackConfig(
        home=where,
        cache=cache,
        ports=_ports(Layout(where), ports or {}),
        extras=_extras(Layout(where), extras),
        own={name: os.environ[name] for name in (CONTROL, KAFKA, CONNECT, SECRETS) if os.environ.get(name)},
        kafka_heap=os.environ.get("ROWSTREAM_KAFKA_HEAP", KAFKA_HEAP),
        connect_heap=os.environ.get("ROWSTREAM_CONNECT_HEAP", CONNECT_HEAP),
    )


def environment_settings() -> Settings:
    """
    The settings that are named in the environment, without those in a home's file.

    Raises:
        StackError: One of them is wrong; its value is not shown, it may be a secret.
    """
    try:
        return Settings(_env_file=None)
    except ValidationError as error:
        faults = [(f"ROWSTREAM_{'_'.join(map(str, each['loc'])).upper()}", each["msg"]) for each in error.errors()]
        raise StackError(
            f"the environment's settings are wrong: {'; '.join(f'{name}: {fault}' for name, fault in faults)}",
            suggestion=f"correct or unset {', '.join(name for name, _ in faults)}",
        ) from None


def _ports(layout: Layout, options: Mapping[str, int | None]) -> PortPlan:
    given = {server: port for server, port in options.items() if port is not None}
    named = {server: port for server in PortPlan.model_fields if (port := os.environ.get(f"ROWSTREAM_{server.upper()}_PORT"))}
    last = remembered(layout).ports or PortPlan()
    try:
        return PortPlan.model_validate(last.model_dump() | named | given)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))} {each['msg']}".strip() for each in error.errors())
        raise StackError(f"these ports cannot be used: {problems}") from error


def _extras(layout: Layout, named: Sequence[str] | None) -> tuple[str, ...]:
    wanted = remembered(layout).extras if named is None else tuple(named)
    unknown = [name for name in wanted if name not in EXTRAS]
    if unknown:
        raise StackError(f"there is no server {', '.join(unknown)}", suggestion=f"name some of {', '.join(EXTRAS)}")
    return tuple(name for name in EXTRAS if name in wanted)


class Remembered(BaseModel):
    """What a home was started with last: its ports, its extra servers, and the names of the settings that named servers of the user."""

    model_config = ConfigDict(frozen=True)

    ports: PortPlan | None = None
    own: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


def remembered(layout: Layout) -> Remembered:
    """
    What the home was started with last, or nothing.

    Raises:
        StackError: The file says nothing that can be understood.
    """
    try:
        return Remembered.model_validate_json(layout.remembered.read_bytes())
    except FileNotFoundError:
        return Remembered()
    except ValidationError as error:
        raise StackError(
            f"{layout.remembered}, which keeps the ports of the last start, is damaged",
            suggestion="remove it; ports that are not the usual ones must then be named again",
        ) from error


def remember(config: StackConfig, own: Iterable[str]) -> None:
    """Keep the ports and extra servers for the next start, and the names of the settings that name the user's own servers."""
    scratch = config.layout.remembered.with_suffix(".new")
    kept = Remembered(ports=config.ports, own=tuple(own), extras=config.extras)
    scratch.write_text(kept.model_dump_json(indent=2) + "\n", "utf-8")
    scratch.replace(config.layout.remembered)
