"""A stack of PostgreSQL alone, its other servers being the user's own: what was lost, damaged or left behind."""

import os
import shutil
import signal
from pathlib import Path

import psycopg
import pytest

from stack import process, sample
from stack.account import service_account
from stack.config import CONNECT, CONTROL, KAFKA, StackConfig
from stack.errors import StackError
from stack.layout import Layout
from stack.ports import PortPlan
from stack.stack import Stack

OWN = {CONTROL: "mongodb://named.example/", KAFKA: "named.example:9092", CONNECT: "http://named.example:8083"}

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="NOT TESTED: only root's servers run as another user")


def alone(home: Path) -> Stack:
    return Stack(StackConfig(home, home / "no cache", PortPlan.free(), OWN))


def test_down_ends_the_service_of_a_demo_that_was_killed(layout: Layout, tmp_path: Path) -> None:
    record = layout.run("demo-service.pid")
    service = process.spawn(["/bin/sh", "-c", "sleep 600 & wait"], tmp_path / "log", {"PATH": os.defpath}, record)
    assert process.wait(lambda: bool(process.children(service)), 10)
    family = [service, *process.children(service)]
    try:
        alone(layout.home).down(wipe=True)
        assert [process.born(each) for each in family] == [None, None]
        assert not layout.home.exists()
    finally:
        process.end(service, signal.SIGKILL, 10)


@needs_root
def test_a_wipe_removes_the_data_of_a_home_that_is_gone(closed_folder: Path) -> None:
    layout = Layout(closed_folder / "home")
    layout.make()
    assert layout.annex.data(layout.data, service_account()).is_relative_to(layout.annex.folder)
    shutil.rmtree(layout.home)
    alone(layout.home).down()
    assert layout.annex.folder.exists()
    alone(layout.home).down(wipe=True)
    assert not layout.annex.folder.exists()
    assert not layout.home.exists()


def test_data_without_its_password_is_explained_and_a_wipe_mends_it(layout: Layout) -> None:
    stack = alone(layout.home)
    try:
        stack.up()
        stack.down()
        shutil.rmtree(layout.home / "passwords")
        with pytest.raises(StackError, match="passwords/postgresql with its password is gone") as raised:
            stack.up()
        assert f"`rowstream down --wipe --home {layout.home}`" in str(raised.value.suggestion)
        stack.down(wipe=True)
        stack.up()
        assert stack.postgresql.ready
    finally:
        stack.down(wipe=True)


def test_a_sample_that_cannot_be_made_is_explained(layout: Layout) -> None:
    stack = alone(layout.home)
    try:
        stack.up()
        with psycopg.connect(stack.connections.sample_dsn) as shop:
            shop.execute("COMMENT ON SCHEMA public IS NULL")
        with pytest.raises(StackError, match='sample database cannot be made: type "order_status" already exists') as raised:
            stack.up()
        assert "down --wipe" in str(raised.value.suggestion)
    finally:
        stack.down(wipe=True)


def test_what_the_environment_tells_libpq_about_other_servers_does_not_matter(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PGHOSTADDR": "192.0.2.1",
        "PGSSLMODE": "require",
        "PGSSLROOTCERT": "system",
        "PGSSLCERTMODE": "require",
        "PGGSSENCMODE": "require",
        "PGCHANNELBINDING": "require",
        "PGREQUIREAUTH": "md5",
        "PGTARGETSESSIONATTRS": "standby",
        "PGCLIENTENCODING": "LATIN1",
        "PGOPTIONS": "-c no_such_setting=1",
        "PGUSER": "somebody",
        "PGDATABASE": "somewhere",
        "PGPORT": "1",
    }.items():
        monkeypatch.setenv(name, value)
    stack = alone(layout.home)
    try:
        stack.up()
        with psycopg.connect(stack.postgresql.dsn(sample.DATABASE)) as shop:
            assert shop.execute("SELECT count(*) FROM customers WHERE full_name LIKE 'Björn %'").fetchone() == (25,)
    finally:
        stack.down(wipe=True)
