"""
A stand-in for CockroachDB, as far as a job needs one: PostgreSQL behind a proxy that speaks some of CockroachDB's SQL.

Moments of the cluster's clock are snapshots that PostgreSQL exports, so that rows can be read as they were; a changefeed tells what
triggers have noted. What CockroachDB does otherwise only its container can show (tests/docker).
"""
