"""How a connection is encrypted: what the drivers' properties ask for, and Python's context for it."""

import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from pipeline.errors import ConfigError


class TlsMode(StrEnum):
    """What is asked of TLS, as MySQL's Connector/J writes it."""

    DISABLED = "DISABLED"
    PREFERRED = "PREFERRED"
    REQUIRED = "REQUIRED"
    VERIFY_CA = "VERIFY_CA"
    VERIFY_IDENTITY = "VERIFY_IDENTITY"

    @property
    def verifies(self) -> bool:
        """Whether the server has to prove who it is."""
        return self in (TlsMode.VERIFY_CA, TlsMode.VERIFY_IDENTITY)


@dataclass(frozen=True, slots=True)
class Tls:
    """The mode, and the file (PKCS #12) with the certificates that are trusted; None for those of the machine."""

    mode: TlsMode = TlsMode.PREFERRED
    trust_store: str | None = None
    trust_store_password: str | None = field(default=None, repr=False)


def context(tls: Tls) -> ssl.SSLContext | None:
    """
    Python's context, or None for a plain connection.

    Raises:
        ConfigError: The trust store cannot be read.
    """
    if tls.mode is TlsMode.DISABLED:
        return None
    made = ssl.create_default_context()
    made.check_hostname = tls.mode is TlsMode.VERIFY_IDENTITY
    made.verify_mode = ssl.CERT_REQUIRED if tls.mode.verifies else ssl.CERT_NONE
    if tls.trust_store and tls.mode.verifies:
        made.load_verify_locations(cadata=_certificates(tls.trust_store, tls.trust_store_password))
    return made


def store_path(url: str) -> str:
    """
    The path of a key store that a URL names (`file:/etc/trust.p12`).

    Raises:
        ConfigError: It is not a file.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("", "file") or not parts.path:
        raise ConfigError(f"the JDBC URL's trust store {url!r} is not a file", suggestion="Write it as file:/path/trust.p12")
    return unquote(parts.path)


def _certificates(path: str, password: str | None) -> str:
    try:
        content = Path(path).read_bytes()
        store = pkcs12.load_pkcs12(content, password.encode() if password else None)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"the trust store {path} cannot be read: {error}",
            suggestion="Give a PKCS #12 file that the service and Kafka Connect see: "
            "keytool -importkeystore -srckeystore old.jks -destkeystore trust.p12 -deststoretype PKCS12",
            code="TLS",
        ) from error
    held = [each.certificate for each in (store.cert, *store.additional_certs) if each is not None]
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in held)
