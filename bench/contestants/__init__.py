"""Who is measured: each brings the changes of filled topics into MongoDB in its own way."""
