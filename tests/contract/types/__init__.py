"""The contract of the logical types: what a document holds for every type of every dialect."""
