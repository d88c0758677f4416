"""CockroachDB as a source: its changefeeds, which Debezium's connector reads from Kafka."""
