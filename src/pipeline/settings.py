"""Settings: read from the environment once, in the entry point, and passed down frozen."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.sink.batch import LARGEST_BATCH_BYTES


def _expanded(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("names the home of a user that there is not") from None


Folder = Annotated[Path, AfterValidator(_expanded)]
"""A path whose `~` is the user's home, also where no shell has expanded it."""


class ConnectSecrets(StrEnum):
    """How a password reaches Kafka Connect: by a config provider over a shared folder, or in the configuration itself."""

    PROVIDER = "provider"
    INLINE = "inline"


class Settings(BaseSettings):
    """
    Everything the service and the workers are told, as `ROWSTREAM_*` in the environment.

    `rowstream up` writes the embedded stack's addresses and keys to `<home>/rowstream.env`,
    which is read too; the environment outranks it.
    """

    model_config = SettingsConfigDict(env_prefix="ROWSTREAM_", env_ignore_empty=True, frozen=True, extra="ignore")

    home: Folder = Field(
        default_factory=lambda: Path.home() / ".rowstream", description="Where the embedded stack keeps its data, logs and keys"
    )
    host: str = Field("127.0.0.1", description="The loopback address the API listens on")
    port: Annotated[int, Field(ge=1, le=65535, description="The port the API listens on")] = 8278
    control_url: SecretStr = Field(
        SecretStr("mongodb://127.0.0.1:27018/?replicaSet=rowstream"), description="The MongoDB that keeps jobs, updates and leases"
    )
    control_database: str = Field("rowstream", description="The database in it")
    kafka_bootstrap_servers: str = Field("127.0.0.1:19092", description="Kafka's addresses, as the service and the workers reach it")
    connect_kafka_bootstrap_servers: str | None = Field(
        None, description="Kafka's addresses, as Kafka Connect reaches it; the same when empty"
    )
    connect_url: str = Field("http://127.0.0.1:18083", description="Kafka Connect's REST API")
    connect_secrets: ConnectSecrets = Field(ConnectSecrets.PROVIDER, description="How passwords reach Connect")
    connect_secrets_dir: Folder | None = Field(None, description="A folder that the service writes and Connect reads")
    secret_key: SecretStr | None = Field(
        None, description="Encrypts what workers need of a connection in the control database; 32 bytes, URL-safe base64"
    )
    max_running_jobs: Annotated[int, Field(ge=1, description="How many jobs may be active at once")] = 20
    connector_restarts: Annotated[int, Field(ge=0, description="How often a failed connector is restarted before the job fails")] = 5
    slot_timeout_seconds: Annotated[float, Field(gt=0, description="How long making a slot may wait for open transactions")] = 30
    clean_up_timeout_seconds: Annotated[float, Field(gt=0, description="How long clean-up waits for a source or Connect that is away")] = (
        300
    )
    failed_job_retention_seconds: Annotated[
        float, Field(ge=0, description="How long a job that failed after set-up keeps what it owns")
    ] = 86_400
    slot_warning_bytes: Annotated[int, Field(ge=0, description="Warn when a slot holds back more of the source's log than this")] = 2**30
    topic_retention_seconds: Annotated[
        float, Field(gt=0, description="How long change topics keep records once the snapshot is applied")
    ] = 7 * 86_400
    lease_seconds: Annotated[float, Field(gt=0, description="After this long without a word from its service a job goes to another")] = 10
    session_timeout_ms: Annotated[
        int, Field(ge=1000, description="After this long without a heartbeat a worker's partitions go to another")
    ] = 10_000
    batch_records: Annotated[int, Field(ge=1, description="Records in one transaction, at most")] = 2_000
    batch_bytes: Annotated[
        int, Field(ge=1024, le=LARGEST_BATCH_BYTES, description="Bytes of records in one transaction; a larger record is alone")
    ] = LARGEST_BATCH_BYTES
    reader_tables: Annotated[int, Field(ge=1, description="How many tables of a job rowstream's own reader reads at once")] = 4
    kafka_replication: Annotated[int, Field(ge=1, description="Replication factor of the topics a job makes")] = 1
    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")


def read_settings() -> Settings:
    """Read the settings from the environment and from the env file that `rowstream up` wrote, if it did."""
    home = Settings(_env_file=None).home
    return Settings(_env_file=home / "rowstream.env")
