"""Keeps what is secret of connections encrypted in the control database: a job's own, and saved ones."""

import base64
import binascii
import json
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

from pipeline.errors import ConfigError

_VERSION = b"\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32


class Vault:
    """
    Encrypts and decrypts the secrets of jobs, or of whatever else `of` names: texts by name.

    A job keeps `jdbcUrl`, `mongodbUrl` and, where they were given beside the URL, `user`,
    `password` and `oraclePdbName`. AES-256-GCM with a fresh nonce; whose secrets they are is authenticated
    with it, so one job's secrets cannot be passed off as another's, nor as a saved connection's.

    Raises:
        ConfigError: The key is missing, or is not 32 bytes in URL-safe base64.
    """

    def __init__(self, secret_key: SecretStr | None, *, of: str = "job") -> None:
        self._cipher = AESGCM(_key(secret_key))
        self._of = of

    def seal(self, owner_id: str, secrets: dict[str, str]) -> bytes:
        """Encrypt the secrets of a job, by its id."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, json.dumps(secrets).encode(), self._bound_to(_VERSION, owner_id))

    def open(self, owner_id: str, sealed: bytes) -> dict[str, str]:
        """
        Decrypt what `seal` made for this job.

        Raises:
            ConfigError: It was sealed with another key, for another job, or was changed.
        """
        head = len(_VERSION) + _NONCE_BYTES
        nonce, text = sealed[len(_VERSION) : head].ljust(_NONCE_BYTES), sealed[head:]
        try:
            secrets: dict[str, str] = json.loads(self._cipher.decrypt(nonce, text, self._bound_to(sealed[: len(_VERSION)], owner_id)))
        except InvalidTag as error:
            raise ConfigError(
                f"the secrets of {self._of} {owner_id} cannot be decrypted with this ROWSTREAM_SECRET_KEY",
                suggestion="Start every service and worker with the key they were encrypted with.",
            ) from error
        return secrets

    def _bound_to(self, version: bytes, owner_id: str) -> bytes:
        return version + f"rowstream {self._of} {owner_id}".encode()


def _key(secret_key: SecretStr | None) -> bytes:
    if secret_key is None:
        raise ConfigError(
            "ROWSTREAM_SECRET_KEY is not set", suggestion="`rowstream up` makes one; or set 32 random bytes in URL-safe base64."
        )
    try:
        key = base64.b64decode(secret_key.get_secret_value(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigError("ROWSTREAM_SECRET_KEY is not 32 bytes in URL-safe base64")
    return key
