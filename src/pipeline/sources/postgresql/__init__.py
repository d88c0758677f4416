"""PostgreSQL: snapshot and changes by Debezium, pgoutput."""
