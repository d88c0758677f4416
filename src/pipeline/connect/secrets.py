"""How a password reaches Kafka Connect without standing in a connector's configuration."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.settings import ConnectSecrets

PROVIDER = "secrets"
"""The name under which the Connect workers know Kafka's DirectoryConfigProvider."""

KEY = "password"
REFERENCE = re.compile(r"\$\{[^}]*:[^}]*\}")
"""What Connect replaces by a config provider's value (ConfigTransformer)."""


class ConnectSecretStore:
    """
    A folder that rowstream writes and Connect reads, one folder in it for each connector.

    In inline mode nothing is written and the password itself goes into the configuration.
    """

    def __init__(self, mode: ConnectSecrets, folder: Path | None) -> None:
        self._mode = mode
        self._folder = folder

    def write(self, connector: str, password: str | None) -> str | None:
        """
        Store the password; what stands for it in the connector's configuration.

        Raises:
            ConfigError: No folder is set, or it cannot be written.
        """
        if password is None:
            return None
        if self._mode is ConnectSecrets.INLINE:
            refuse_references({"password": password})
            return password
        folder = self._folder_of(connector)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_private(folder / KEY, password)
        except OSError as error:
            raise ConfigError(
                f"the password cannot be handed to Kafka Connect: {error.strerror}: {folder}",
                suggestion="Make ROWSTREAM_CONNECT_SECRETS_DIR a folder that rowstream may write.",
            ) from error
        return f"${{{PROVIDER}:{folder}:{KEY}}}"

    def remove(self, connector: str) -> None:
        """Forget the connector's password; one that is gone is no error."""
        if self._mode is ConnectSecrets.PROVIDER and self._folder is not None:
            shutil.rmtree(self._folder_of(connector), ignore_errors=True)

    def _folder_of(self, connector: str) -> Path:
        if self._folder is None:
            raise ConfigError(
                "there is no folder through which Kafka Connect gets passwords",
                suggestion="Set ROWSTREAM_CONNECT_SECRETS_DIR to one that both see, or ROWSTREAM_CONNECT_SECRETS=inline "
                "to have passwords stand in the connector's configuration.",
            )
        return self._folder.resolve() / connector


def refuse_references(values: dict[str, str]) -> None:
    """
    Raise `ConfigError` when a value from a user would be read by Connect as a reference to a secret.

    Connect has no way to write such text literally, and the reference could name another job's secret.
    """
    for name, value in values.items():
        if REFERENCE.search(value):
            raise ConfigError(f"{name} holds ${{...:...}}, which Kafka Connect would replace", suggestion=f"Change {name}.")


def _write_private(path: Path, text: str) -> None:
    """Write so that a reader finds the old text or the new, and nobody else can read either."""
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).replace(path)
