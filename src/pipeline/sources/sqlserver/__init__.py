"""SQL Server as a source: its change data capture, read by Debezium's SQL Server connector."""
