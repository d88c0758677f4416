"""The properties of a JDBC URL: those that are read here, and those that cannot be passed on."""

import re

from pipeline.errors import ConfigError
from pipeline.sources.mysql.tls import Tls, TlsMode, store_path
from pipeline.sources.properties import ANOTHER_SECRET, JAVA_CLASS, UrlProperties, read_choice

LONGEST_TIMEOUT_MS = 2**31 - 1

YES, NO = "true", "false"
FLAGS = {"true": YES, "yes": YES, "1": YES, "false": NO, "no": NO, "0": NO}

SYNONYMS = {
    "truststore": "trustCertificateKeyStoreUrl",
    "truststorepassword": "trustCertificateKeyStorePassword",
    "truststoretype": "trustCertificateKeyStoreType",
}
"""Names that MariaDB Connector/J has for properties of Connector/J."""

MODES = {
    **{mode.value.lower(): mode for mode in TlsMode},
    "disable": TlsMode.DISABLED,
    "trust": TlsMode.REQUIRED,
    "verify-ca": TlsMode.VERIFY_CA,
    "verify-full": TlsMode.VERIFY_IDENTITY,
}
"""The values of sslMode, Connector/J's and those of MariaDB Connector/J."""

_FILE = "it is about files where Kafka Connect runs"
_SET = "the connector sets it"
_CLUSTER = "a job follows one server"

REFUSED = {
    **dict.fromkeys(
        (
            "authenticationPlugins",
            "clientInfoProvider",
            "connectionLifecycleInterceptors",
            "credentialType",
            "customCharsetMapping",
            "defaultAuthenticationPlugin",
            "disabledAuthenticationPlugins",
            "exceptionInterceptors",
            "loadBalanceStrategy",
            "logger",
            "parseInfoCacheFactory",
            "profilerEventHandler",
            "propertiesTransform",
            "queryInfoCacheFactory",
            "queryInterceptors",
            "serverAffinityOrder",
            "serverConfigCacheFactory",
            "socketFactory",
            "tlsSocketType",
            "codec",
        ),
        JAVA_CLASS,
    ),
    **dict.fromkeys(("allowLoadLocalInfile", "allowLoadLocalInfileInPath", "allowUrlInLocalInfile", "allowLocalInfile"), _FILE),
    **dict.fromkeys(("localSocket", "localSocketAddress", "pipe", "serverRsaPublicKeyFile", "serverRSAPublicKeyFile"), _FILE),
    **dict.fromkeys(("serverSslCert", "clientCertificateKeyStoreUrl", "keyStore", "ociConfigFile"), _FILE),
    **dict.fromkeys(
        ("clientCertificateKeyStorePassword", "keyStorePassword", "keyPassword", "password1", "password2", "password3"), ANOTHER_SECRET
    ),
    **dict.fromkeys(
        (
            "autoDeserialize",
            "characterEncoding",
            "characterSetResults",
            "connectionCollation",
            "nullDatabaseMeansCurrent",
            "nullCatalogMeansCurrent",
            "tinyInt1isBit",
            "useCursorFetch",
            "useInformationSchema",
            "useUnicode",
            "yearIsDateType",
            "zeroDateTimeBehavior",
        ),
        _SET,
    ),
    **dict.fromkeys(("dnsSrv", "ha.enableJMX", "transactionReplay", "readFromMasterWhenNoSlaves"), _CLUSTER),
}
"""Driver properties that are not passed on, and why."""


def take_tls(properties: UrlProperties) -> Tls:
    """
    Take what the drivers' properties ask of TLS out of `properties`: `sslMode`, or older ones such as `useSSL` and `requireSSL`.

    Raises:
        ConfigError: A value is not one of them.
    """
    mode = _mode(properties)
    store = properties.pop("trustCertificateKeyStoreUrl", None)
    secret = properties.pop("trustCertificateKeyStorePassword", None)
    kind = properties.pop("trustCertificateKeyStoreType", "PKCS12")
    if store and kind.upper() not in ("PKCS12", "PKCS #12"):
        raise ConfigError(
            f"the JDBC URL's trust store is of the type {kind}",
            suggestion="Convert it: keytool -importkeystore -srckeystore old.jks -destkeystore trust.p12 -deststoretype PKCS12",
        )
    return Tls(mode, store_path(store) if store else None, secret)


def take_seconds(properties: UrlProperties, name: str) -> float | None:
    """
    Take a time-out, which the drivers count in milliseconds, out of `properties`; None for none (or 0, which means without end).

    Raises:
        ConfigError: It is not a number.
    """
    text = properties.pop(name, None)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > LONGEST_TIMEOUT_MS:
        raise ConfigError(f"the JDBC URL's {name} {text!r} is not a number of milliseconds, {LONGEST_TIMEOUT_MS} at most")
    return int(text) / 1000 or None


def _mode(properties: UrlProperties) -> TlsMode:
    """`sslMode` outranks the older properties, which Connector/J translates in the same way."""
    mode = read_choice(properties, "sslMode", MODES)
    use, require, verify, trust = (
        read_choice(properties, name, FLAGS) for name in ("useSSL", "requireSSL", "verifyServerCertificate", "trustServerCertificate")
    )
    if mode is not None:
        return TlsMode(mode)
    if use == NO:
        return TlsMode.DISABLED
    if trust == YES:
        return TlsMode.REQUIRED
    if verify == YES:
        return TlsMode.VERIFY_CA
    return TlsMode.REQUIRED if require == YES else TlsMode.PREFERRED
