"""Db2 as a source: the change tables that its SQL Replication (ASN) fills, read by Debezium's Db2 connector."""
