"""The constant part of each connector's configuration, reviewed by people who know the database."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

from pipeline.errors import ConfigError


@cache
def read_constants(name: str) -> dict[str, str]:
    """
    Read `connector_configs/<name>.json`: from the installed package, or from the checkout it is run from.

    The dictionary is shared: copy it before changing anything.
    """
    packaged = files("pipeline") / "connector_configs" / f"{name}.json"
    checkout = Path(__file__).parents[3] / "connector_configs" / f"{name}.json"
    text = packaged.read_text() if packaged.is_file() else checkout.read_text()
    constants = json.loads(text)
    if not all(isinstance(value, str) for value in constants.values()):
        raise ConfigError(f"connector_configs/{name}.json must hold text values only")
    return dict(constants)
