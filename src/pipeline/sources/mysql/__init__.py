"""MySQL and MariaDB, by Debezium's connectors of those names."""
