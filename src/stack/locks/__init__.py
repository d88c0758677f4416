"""The pinned files that the embedded Kafka and Kafka Connect are made of."""

import tomllib
from importlib import resources

from stack.artifact import Artifact


def read_lock(name: str, package: str = __name__) -> list[Artifact]:
    """The artifacts that `<name>.toml` in the package (by default this one) pins, in its order."""
    text = resources.files(package).joinpath(f"{name}.toml").read_text("utf-8")
    return [Artifact(**entry) for entry in tomllib.loads(text)["artifact"]]
