"""What a user is told when the source cannot be reached, and that it never holds the password."""

import socket
from collections.abc import Iterator

import pytest

from pipeline.errors import ConfigError, PipelineError, SourceUnavailableError
from pipeline.jobs.names import ownership
from pipeline.sources.postgresql.source import PostgresSource
from pipeline.sources.postgresql.url import parse
from pipeline.sources.source import Mode

from .database import PASSWORD, Database


async def refusal(url: str, user: str, password: str = PASSWORD) -> PipelineError:
    with pytest.raises(PipelineError) as caught:
        await PostgresSource(parse(url, user, password)).tables(Mode.CDC)
    error = caught.value
    assert password not in f"{error.message} {error.suggestion}"
    assert error.suggestion
    return error


async def test_a_wrong_password_is_the_users_to_mend(database: Database) -> None:
    error = await refusal(database.url(), database.name, "wrong-7d")
    assert (type(error), error.code) == (ConfigError, "WRONG_PASSWORD")


async def test_an_unknown_database_is_the_users_to_mend(database: Database) -> None:
    error = await refusal(database.url() + "x", database.name)
    assert (type(error), error.code) == (ConfigError, "NO_SUCH_DATABASE")


async def test_an_unknown_host_is_told_by_name_and_may_be_an_outage_of_the_name_servers() -> None:
    error = await refusal("jdbc:postgresql://no-such-host.invalid/d", "app")
    assert (type(error), error.code) == (SourceUnavailableError, "UNKNOWN_HOST")


async def test_a_wrong_password_is_told_even_when_it_is_a_word_of_the_answer(database: Database) -> None:
    error = await refusal(database.url(), database.name, "authentication")
    assert (type(error), error.code) == (ConfigError, "WRONG_PASSWORD")


async def test_a_server_without_tls_is_told_to_whoever_demands_it(database: Database) -> None:
    error = await refusal(database.url("?sslmode=require"), database.name)
    assert (type(error), error.code) == (ConfigError, "TLS")


async def test_a_role_that_may_not_connect_is_told_the_sql(database: Database) -> None:
    user = database.role("kept_out")
    database.run(f"REVOKE CONNECT ON DATABASE {database.name} FROM PUBLIC", superuser=True)
    error = await refusal(database.url(), user)
    assert error.code == "NO_CONNECT"
    assert error.suggestion is not None
    database.run(error.suggestion.removeprefix("Run: "), superuser=True)
    with pytest.raises(ConfigError, match="no table"):
        await database.source(user=user).tables(Mode.SNAPSHOT)


async def test_a_refused_connection_is_an_outage() -> None:
    assert type(await refusal("jdbc:postgresql://127.0.0.1:1/d", "app")) is SourceUnavailableError


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where connections are taken and nothing is said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


async def test_a_server_that_says_nothing_is_an_outage(silent_port: int) -> None:
    error = await refusal(f"jdbc:postgresql://127.0.0.1:{silent_port}/d?connectTimeout=2", "app")
    assert type(error) is SourceUnavailableError


async def test_of_several_hosts_the_connector_is_given_the_one_that_answers(database: Database) -> None:
    database.run("CREATE TABLE t (id int PRIMARY KEY)")
    port = database.server.port
    url = f"jdbc:postgresql://127.0.0.1:1,localhost:{port}/{database.name}?targetServerType=primary"
    source = PostgresSource(parse(url, database.name, PASSWORD))
    tables = await source.tables(Mode.SNAPSHOT)
    config = source.connector_config(Mode.SNAPSHOT, ownership("0" * 24, 1), tables, None, "unused:9092")
    assert (config["database.hostname"], config["database.port"]) == ("localhost", str(port))
