"""YugabyteDB as a source: its slots, which tell rows that have changed, and its rows as they were."""
