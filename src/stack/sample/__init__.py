"""The sample database `shop`, which a first job can move."""

from importlib import resources

import psycopg
from psycopg import sql

DATABASE = "shop"
ROLE = "rowstream"
LOADED = "rowstream's sample"


def load(server_dsn: str, database_dsn: str, password: str) -> None:
    """
    Make the role and the database, and fill it the first time; whatever is there already stays.

    `server_dsn` and `database_dsn` are a superuser's, on the server's own database and on the sample's.
    """
    with psycopg.connect(server_dsn, autocommit=True) as server:
        _make_role(server, password)
        if not _exists(server, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
            server.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(ROLE)))
    with psycopg.connect(database_dsn) as shop:
        if not _exists(shop, "SELECT 1 WHERE obj_description('public'::regnamespace, 'pg_namespace') = %s", LOADED):
            _fill(shop)


def _make_role(server: psycopg.Connection, password: str) -> None:
    verb = "ALTER" if _exists(server, "SELECT 1 FROM pg_roles WHERE rolname = %s", ROLE) else "CREATE"
    statement = sql.SQL("{} ROLE {} LOGIN REPLICATION PASSWORD {}")
    server.execute(statement.format(sql.SQL(verb), sql.Identifier(ROLE), sql.Literal(password)))


def _fill(shop: psycopg.Connection) -> None:
    shop.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(ROLE)))
    shop.execute(resources.files(__name__).joinpath("shop.sql").read_bytes())
    shop.execute(sql.SQL("COMMENT ON SCHEMA public IS {}").format(sql.Literal(LOADED)))  # in the same transaction: all or nothing


def _exists(connection: psycopg.Connection, query: sql.SQL | str, value: str) -> bool:
    return connection.execute(query, (value,)).fetchone() is not None
