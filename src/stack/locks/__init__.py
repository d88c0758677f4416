"""The pinned files that the embedded Kafka and Kafka Connect are made of."""

import tomllib
from importlib import resources

from stack.artifact import Artifact


def read_lock(name: str) -> list[Artifact]:
    """The artifacts that `<name>.toml` in this package pins, in its order."""
    text = resources.files(__name__).joinpath(f"{name}.toml").read_text("utf-8")
    return [Artifact(**entry) for entry in tomllib.loads(text)["artifact"]]
