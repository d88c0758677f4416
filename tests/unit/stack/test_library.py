"""Plugins are unpacked whole or not at all, and never outside their folder."""

import io
import re
import tarfile
from pathlib import Path

import pytest

from stack.library import Library, unpack
from stack.locks import read_lock
from stack.progress import Silence


def archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


def test_archives_and_the_db2_driver_land_in_one_folder_each(tmp_path: Path) -> None:
    db2 = archive(tmp_path / "db2-plugin.tar.gz", {"debezium-connector-db2/a.jar": b"a"})
    driver = tmp_path / "jcc-1.jar"
    driver.write_bytes(b"driver")
    unpack([db2, driver], tmp_path / "plugins" / "one")
    found = {path.relative_to(tmp_path / "plugins").as_posix() for path in (tmp_path / "plugins").rglob("*") if path.is_file()}
    assert found == {"one/debezium-connector-db2/a.jar", "one/debezium-connector-db2/jcc-1.jar"}


@pytest.mark.parametrize("filtered", [True, False])
def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filtered: bool) -> None:
    if not filtered:
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    evil = archive(tmp_path / "evil.tar.gz", {"../../evil.jar": b"evil"})
    try:
        unpack([evil], tmp_path / "deep" / "plugins")
    except tarfile.TarError:
        assert not (tmp_path / "deep" / "plugins").exists()
    assert not list(tmp_path.rglob("evil.jar"))


def test_a_broken_archive_leaves_no_folder_that_looks_whole(tmp_path: Path) -> None:
    good = archive(tmp_path / "good.tar.gz", {"good/a.jar": b"a"})
    broken = tmp_path / "broken.tar.gz"
    broken.write_bytes(good.read_bytes()[:40])
    with pytest.raises((tarfile.TarError, EOFError)):
        unpack([good, broken], tmp_path / "plugins")
    assert not (tmp_path / "plugins").exists()
    unpack([good], tmp_path / "plugins")
    assert (tmp_path / "plugins" / "good" / "a.jar").read_bytes() == b"a"


@pytest.mark.parametrize("name", ["kafka", "plugins"])
def test_every_file_is_pinned_by_its_checksum_and_size(name: str) -> None:
    artifacts = read_lock(name)
    assert len({artifact.path for artifact in artifacts}) == len(artifacts)
    for artifact in artifacts:
        assert re.fullmatch("[0-9a-f]{64}", artifact.sha256)
        assert artifact.size > 0


def test_kafka_and_connect_are_of_one_version() -> None:
    assert {artifact.version for artifact in read_lock("kafka") if artifact.group == "org.apache.kafka"} == {"4.3.1"}


def test_a_broker_without_connect_needs_no_plugins(tmp_path: Path) -> None:
    library = Library(tmp_path / "cache")
    for jar in library.jars:
        jar.parent.mkdir(parents=True, exist_ok=True)
        jar.touch()
    library.install(Silence(), plugins=False)
    assert not library.plugins.exists()
