"""Whole ways from PostgreSQL to MongoDB: a source connector and what applies its changes."""
