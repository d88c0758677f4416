"""Database drivers that come with an extra of the package, loaded when they are first used."""

from importlib import import_module
from typing import Any

from pipeline.errors import ConfigError


def load_driver(module: str, extra: str) -> Any:
    """
    Import the driver.

    Raises:
        ConfigError: It is not installed, or not whole; the suggestion names the extra.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigError(
            f"the driver {module} cannot be loaded: {error}",
            suggestion=f"Install it where the service runs: pip install 'rowstream[{extra}]'",
            code="DRIVER_MISSING",
        ) from error
