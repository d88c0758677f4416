"""How the stack's servers are reached."""

from dataclasses import dataclass, field
from pathlib import Path

from stack.config import CONNECT, CONTROL, KAFKA, SECRETS


@dataclass(frozen=True, slots=True)
class Connections:
    """
    Addresses and credentials of the servers, the user's own ones where there are such.

    The two DSNs are libpq's and the PostgreSQL superuser's: on the server's own database
    and on the sample. `sample_user` is the role that a job connects with.
    """

    control_url: str = field(repr=False)
    kafka_bootstrap_servers: str
    connect_url: str
    connect_secrets_dir: Path | None
    admin_dsn: str = field(repr=False)
    sample_dsn: str = field(repr=False)
    sample_jdbc_url: str
    sample_user: str
    sample_password: str = field(repr=False)

    @property
    def settings(self) -> dict[str, str]:
        """The settings of `pipeline.settings` that name these servers."""
        secrets = {} if self.connect_secrets_dir is None else {SECRETS: str(self.connect_secrets_dir)}
        return {CONTROL: self.control_url, KAFKA: self.kafka_bootstrap_servers, CONNECT: self.connect_url, **secrets}
