"""The settings file tells the service how to reach the stack."""

import base64
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.settings import read_settings
from stack.envfile import read_env_file, write_env_file
from stack.layout import Layout

CONTROL = "ROWSTREAM_CONTROL_URL"
KAFKA = "ROWSTREAM_KAFKA_BOOTSTRAP_SERVERS"

telling = st.text("""'"`\\$:-=# \t\r\n{}nåa""")
any_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def read_by_the_service(home: Path) -> str:
    """The control URL that the service is told by the home's file alone."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ROWSTREAM_HOME", str(home))
        environment.delenv(CONTROL, raising=False)
        return read_settings().control_url.get_secret_value()


def test_the_secret_key_is_made_once_and_kept(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write_env_file(layout, {KAFKA: "one:1"})
    first = read_env_file(layout)
    write_env_file(layout, {KAFKA: "two:2"})
    second = read_env_file(layout)
    assert first["ROWSTREAM_SECRET_KEY"] == second["ROWSTREAM_SECRET_KEY"]
    assert second[KAFKA] == "two:2"
    assert len(base64.urlsafe_b64decode(second["ROWSTREAM_SECRET_KEY"])) == 32


def test_only_its_owner_may_read_the_file(tmp_path: Path) -> None:
    write_env_file(Layout(tmp_path), {})
    assert stat.S_IMODE(Layout(tmp_path).env_file.stat().st_mode) == 0o600


@given(value=(telling | any_text).filter(bool))
@example("mongodb://me:p%40ss$word#1@127.0.0.1/?replicaSet=rowstream")
@example("mongodb://me:it's@127.0.0.1/")
@example("mongodb://me:${HOME}${HOME:-x}$${HOME}@127.0.0.1/")
@example("ends in a backslash\\")
@example("two\r\nlines")
def test_the_service_reads_what_was_written(value: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        write_env_file(layout, {CONTROL: value, KAFKA: value})
        assert read_by_the_service(layout.home) == value
        assert read_env_file(layout)[KAFKA] == value


@given(lines=telling | st.sampled_from([f"{CONTROL}=x", f"export {CONTROL.lower()} = 'x'\n", "A='", "'", "\\"]))
def test_nothing_that_a_user_wrote_keeps_the_service_from_reading_it(lines: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        layout = Layout(Path(folder))
        layout.env_file.write_text(lines, "utf-8")
        write_env_file(layout, {CONTROL: "mongodb://here/"})
        assert read_by_the_service(layout.home) == "mongodb://here/"


def test_lines_of_the_user_are_kept_and_ours_are_renewed(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    write_env_file(layout, {CONTROL: "mongodb://old/", KAFKA: "old:1", "ROWSTREAM_CONNECT_SECRETS_DIR": "/old"})
    theirs = "\n# more workers\nROWSTREAM_BATCH_RECORDS=500 # each\n\nexport HTTPS_PROXY=\"http://proxy/${HOME}\"\nPS1='$ '"
    with layout.env_file.open("a") as file:
        file.write(theirs)
    for _ in range(2):
        write_env_file(layout, {CONTROL: "mongodb://new/", KAFKA: "new:1"})
    text = layout.env_file.read_text()
    assert text.endswith(theirs)
    assert "old" not in text
    assert text.count(KAFKA) == text.count(CONTROL) == text.count("ROWSTREAM_SECRET_KEY") == 1


def test_a_key_that_the_user_wrote_his_way_is_kept(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    layout.env_file.write_text('export rowstream_secret_key = "mine"\n')
    write_env_file(layout, {})
    assert read_env_file(layout) == {"ROWSTREAM_SECRET_KEY": "mine"}
