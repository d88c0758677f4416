"""Single servers: further ones, other settings, crashes, closed folders."""

import os
import shutil
import signal
from pathlib import Path

import psycopg
import pymongo
import pytest
from pymongo.errors import OperationFailure

from stack import process
from stack.account import service_account
from stack.config import read_config
from stack.errors import StackError
from stack.kafka import Kafka
from stack.layout import Layout
from stack.library import Library
from stack.mongodb import MongoDB
from stack.mysql import JOB_USER, MariaDB, MySQL
from stack.ports import free_ports
from stack.postgresql import PostgreSQL
from stack.programs import package_folder, postgres, wheel_libraries
from stack.progress import Silence

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root's servers run as another user")


def write(url: str, name: str) -> None:
    with pymongo.MongoClient[dict[str, str]](url, serverSelectionTimeoutMS=20_000) as client:
        client.test.things.with_options(write_concern=pymongo.WriteConcern("majority")).insert_one({"_id": name})


def names(url: str) -> list[str]:
    with pymongo.MongoClient[dict[str, str]](url, serverSelectionTimeoutMS=20_000) as client:
        return sorted(thing["_id"] for thing in client.test.things.find())


def test_mongodb_keeps_what_was_acknowledged_when_it_is_killed_and_started_on_another_port(layout: Layout) -> None:
    first, second = free_ports(2)
    server = MongoDB(first, layout, name="second", replica_set="other")
    try:
        server.start()
        write(server.url, "before")
        server.kill()
        assert server.pid is None
        server = MongoDB(second, layout, name="second", replica_set="other")
        server.start()
        write(server.url, "after")
        assert names(server.url) == ["after", "before"]
    finally:
        server.stop()


def test_a_standalone_mongodb_knows_no_transactions(layout: Layout) -> None:
    server = MongoDB(free_ports(1)[0], layout, name="alone", replica_set=None)
    try:
        server.start()
        with (
            pymongo.MongoClient[dict[str, str]](server.url) as client,
            client.start_session() as session,
            pytest.raises(OperationFailure, match="replica set"),
            session.start_transaction(),
        ):
            client.test.things.insert_one({}, session=session)
    finally:
        server.stop()


def test_mongodb_runs_on_the_packaged_libraries_although_the_machine_has_its_own(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    if wheel_libraries("pycurl") is None:
        pytest.skip("NOT TESTED: there is no pycurl wheel with libraries for this platform")
    server = MongoDB(free_ports(1)[0], layout)
    monkeypatch.setattr(server, "_libraries", server.packaged_libraries)
    try:
        server.start()
        write(server.url, "here")
        assert names(server.url) == ["here"]
        mapped = Path(f"/proc/{server.pid}/maps")
        if mapped.exists():
            libraries = {line.split()[-1] for line in mapped.read_text().splitlines() if "libssl" in line or "libcurl" in line}
            assert {Path(library).parent.name for library in libraries} == {"pycurl.libs"}
    finally:
        server.stop()


def test_postgresql_takes_other_settings_and_survives_a_crash(layout: Layout) -> None:
    server = PostgreSQL(free_ports(1)[0], layout, name="replica", settings={"wal_level": "replica"})
    try:
        server.start()
        with psycopg.connect(server.dsn()) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        server.kill()
        server.start()
        with psycopg.connect(server.dsn()) as connection:
            assert connection.execute("SHOW wal_level").fetchone() == ("replica",)
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)
    finally:
        server.stop()


def test_a_server_that_ends_while_it_starts_shows_the_end_of_its_log(layout: Layout) -> None:
    server = PostgreSQL(free_ports(1)[0], layout, settings={"wal_level": "nonsense"})
    with pytest.raises(StackError, match=r'postgresql ended while it started, see .*(?s:.*)"nonsense"'):
        server.start()
    assert server.pid is None


def test_a_half_made_data_folder_does_not_keep_postgresql_from_starting(layout: Layout) -> None:
    server = PostgreSQL(free_ports(1)[0], layout)
    left = layout.data / "postgresql.new-crashed"
    left.mkdir()
    (left / "PG_VERSION").write_text("18\n")
    try:
        server.start()
        assert server.ready
        assert not left.exists()
    finally:
        server.stop()


@needs_root
def test_root_s_databases_run_as_another_user(layout: Layout) -> None:
    account = service_account()
    assert account is not None
    for server in (PostgreSQL(free_ports(1)[0], layout), MongoDB(free_ports(1)[0], layout)):
        try:
            server.start()
            assert Path(f"/proc/{server.pid}").stat().st_uid == account.uid
        finally:
            server.stop()


@needs_root
def test_neither_a_closed_home_nor_closed_programs_keep_root_s_databases_from_running(
    closed_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = closed_folder / "packages"
    for folder in (package_folder("fiftyone"), postgres().parts[0].parent, postgres().parts[1]):
        assert folder is not None
        shutil.copytree(folder, packages / folder.name, copy_function=_link)
    layout = Layout(closed_folder / "home")
    monkeypatch.syspath_prepend(packages)
    servers = (PostgreSQL(free_ports(1)[0], layout), MongoDB(free_ports(1)[0], layout))
    assert postgres().path.is_relative_to(packages)
    try:
        for server in servers:
            server.start()
            assert server.ready
        assert closed_folder.stat().st_mode & 0o777 == 0o700
        assert (layout.annex.folder / "home").read_text().strip() == str(layout.home)
    finally:
        for server in servers:
            server.stop()
        layout.wipe()
    assert not layout.annex.folder.exists()
    assert not layout.home.exists()


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def test_a_server_whose_record_is_of_another_process_is_started_anew_and_the_other_left_alone(layout: Layout, tmp_path: Path) -> None:
    other = process.spawn(["sleep", "600"], tmp_path / "log", {"PATH": os.defpath}, tmp_path / "pid")
    server = PostgreSQL(free_ports(1)[0], layout)
    layout.run("postgresql.pid").write_text(f"{other} 1")
    try:
        server.start()
        server.stop()
        assert process.born(other) is not None
    finally:
        process.end(other, signal.SIGKILL, 10)


def test_kafka_keeps_its_data_in_a_home_of_any_letters(layout: Layout) -> None:
    home = Layout(layout.home.with_name("hem åäö データ 🐘"))
    library = Library(read_config().cache)
    library.install(Silence())
    server = Kafka(*free_ports(2), home, library)
    try:
        server.start()
        assert (home.data / "kafka" / "meta.properties").exists()
    finally:
        server.stop()


@pytest.mark.parametrize("kind", [MySQL, MariaDB])
def test_mysql_and_mariadb_keep_what_was_committed_when_they_are_killed_and_started_on_another_port(
    layout: Layout, kind: type[MySQL] | type[MariaDB]
) -> None:
    first, second = free_ports(2)
    server = kind(first, layout, read_config().cache)
    try:
        server.start()
        with server.connect() as connection, connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE kept")
            cursor.execute("CREATE TABLE kept.things (id INT PRIMARY KEY)")
            cursor.execute("INSERT INTO kept.things VALUES (7)")
        server.kill()
        assert server.pid is None
        server = kind(second, layout, read_config().cache)
        server.start()
        with server.connect(user=JOB_USER, password=server.job_password) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT id, @@log_bin, @@binlog_format FROM kept.things")
            assert list(cursor.fetchall()) == [(7, 1, "ROW")]
    finally:
        server.stop()
