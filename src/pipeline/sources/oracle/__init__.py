"""Oracle as a source: its redo logs, read by Debezium's Oracle connector through LogMiner."""
