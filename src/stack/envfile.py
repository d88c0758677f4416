"""The settings file through which the service and the workers find the stack."""

import base64
import secrets
from collections.abc import Mapping

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from stack.config import CONNECT, CONTROL, KAFKA, SECRETS
from stack.layout import Layout

KEY = "ROWSTREAM_SECRET_KEY"
OURS = {CONTROL, KAFKA, CONNECT, SECRETS, KEY}


def write_env_file(layout: Layout, settings: Mapping[str, str]) -> None:
    """
    Write the settings to `<home>/rowstream.env`, with the secret key that is made once and kept.

    Lines of the user, whatever is not a setting of ours, follow unchanged.
    """
    key = read_env_file(layout).get(KEY) or base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    ours = "".join(f"{name}={_quoted(value)}\n" for name, value in {**settings, KEY: key}.items())
    scratch = layout.env_file.with_suffix(".new")
    scratch.unlink(missing_ok=True)
    scratch.touch(mode=0o600)
    scratch.write_text(ours + _lines_of_the_user(layout), "utf-8")
    scratch.replace(layout.env_file)


def read_env_file(layout: Layout) -> dict[str, str]:
    """The settings in the file as the service reads them, which tells no upper from lower case; empty when there is none."""
    values = dotenv_values(layout.env_file, encoding="utf-8")
    return {name.upper(): value for name, value in values.items() if value is not None}


def _lines_of_the_user(layout: Layout) -> str:
    if not layout.env_file.exists():
        return ""
    with layout.env_file.open(encoding="utf-8") as file:
        return "".join(each.original.string for each in parse_stream(file) if (each.key or "").upper() not in OURS)


def _quoted(value: str) -> str:
    """The value as python-dotenv reads it back; it expands `${name:-default}` even in single quotes, and knows no escape for that."""
    text = value.replace("\\", r"\\").replace("'", r"\'").replace("${", "${:-$}{")
    if "\r" not in value:
        return f"'{text}'"
    escaped = text.replace('"', r"\"").replace("\r", r"\r")  # a bare one would be read as the end of a line
    return f'"{escaped}"'
