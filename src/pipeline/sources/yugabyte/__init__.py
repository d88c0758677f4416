"""YugabyteDB as a source: its logical replication, read by YugabyteDB's own connector, which is made of Debezium's for PostgreSQL."""
