"""
A stand-in for YugabyteDB, as far as a job needs one: PostgreSQL behind a proxy that speaks some of YugabyteDB's SQL.

Publications, slots and pgoutput are PostgreSQL's own. Moments of the hybrid clock are snapshots that PostgreSQL exports, so that rows can
be read as they were. What YugabyteDB does otherwise no test here can show.
"""
