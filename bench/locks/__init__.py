"""The pinned files of the peers, fetched for the benchmarks only."""
