"""The settings file through which the service and the workers find the stack."""

import base64
import secrets
from collections.abc import Mapping

from stack.layout import Layout

KEY = "ROWSTREAM_SECRET_KEY"


def write_env_file(layout: Layout, settings: Mapping[str, str]) -> None:
    """Write the settings to `<home>/rowstream.env`, with the secret key that is made once and kept."""
    key = read_env_file(layout).get(KEY) or base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    scratch = layout.env_file.with_suffix(".new")
    scratch.unlink(missing_ok=True)
    scratch.touch(mode=0o600)
    scratch.write_text("".join(f"{name}='{value}'\n" for name, value in {**settings, KEY: key}.items()), "utf-8")
    scratch.replace(layout.env_file)


def read_env_file(layout: Layout) -> dict[str, str]:
    """The settings in the file; empty when there is none."""
    if not layout.env_file.exists():
        return {}
    pairs = (line.split("=", 1) for line in layout.env_file.read_text("utf-8").splitlines())
    return {name: value.strip("'") for name, value in pairs}
