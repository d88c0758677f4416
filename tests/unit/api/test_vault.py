"""A job's secrets can be read with the key and for the job they were sealed with, and in no other way."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pipeline.errors import ConfigError
from pipeline.jobs.vault import Vault


def fresh_key() -> SecretStr:
    """A key as the settings hold one."""
    return SecretStr(base64.urlsafe_b64encode(os.urandom(32)).decode())


VAULT = Vault(fresh_key())


@given(secrets=st.dictionaries(st.text(), st.text(st.characters(exclude_categories=["Cs"]))))
def test_what_was_sealed_can_be_opened(secrets: dict[str, str]) -> None:
    assert VAULT.open("a" * 24, VAULT.seal("a" * 24, secrets)) == secrets


def test_the_sealed_bytes_show_nothing_and_differ_each_time() -> None:
    secrets = {"mongodbUrl": "mongodb://u:hunter2@h/db"}
    first, second = VAULT.seal("job", secrets), VAULT.seal("job", secrets)
    assert first != second
    assert b"hunter2" not in first
    assert b"mongodbUrl" not in first


def test_another_key_opens_nothing() -> None:
    with pytest.raises(ConfigError, match="cannot be decrypted") as refused:
        Vault(fresh_key()).open("job", VAULT.seal("job", {"password": "hunter2"}))
    assert "hunter2" not in str(refused.value)


def test_another_job_opens_nothing() -> None:
    with pytest.raises(ConfigError, match="cannot be decrypted"):
        VAULT.open("other", VAULT.seal("job", {"password": "hunter2"}))


def test_a_job_and_a_connection_of_one_id_cannot_open_each_other() -> None:
    key = fresh_key()
    jobs, connections = Vault(key), Vault(key, of="connection")
    for sealing, opening in ((jobs, connections), (connections, jobs)):
        with pytest.raises(ConfigError, match="cannot be decrypted"):
            opening.open("one", sealing.seal("one", {"password": "hunter2"}))


@given(position=st.integers(0, 60), bit=st.integers(0, 7))
def test_changed_bytes_open_nothing(position: int, bit: int) -> None:
    sealed = bytearray(VAULT.seal("job", {"password": "hunter2, and a little more text to be long enough"}))
    sealed[position] ^= 1 << bit
    with pytest.raises(ConfigError):
        VAULT.open("job", bytes(sealed))


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01short", b"\x02" + bytes(40)])
def test_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(ConfigError):
        VAULT.open("job", sealed)


@pytest.mark.parametrize("key", [None, "", "short", "ä" * 43, base64.b64encode(bytes(16)).decode()])
def test_a_missing_or_malformed_key_is_told_by_its_name(key: str | None) -> None:
    with pytest.raises(ConfigError, match="ROWSTREAM_SECRET_KEY"):
        Vault(None if key is None else SecretStr(key))
