"""What the catalogue says of collations, in the words of `pipeline.filters.catalogue`."""

COLLATIONS = """
database AS (
  SELECT coalesce(to_jsonb(d)->>'datlocprovider', 'c') AS provider,
         coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale', d.datcollate) AS locale
    FROM pg_database d WHERE d.datname = current_database()
), found AS (
  SELECT c.oid, c.collisdeterministic AS deterministic,
         CASE c.collprovider WHEN 'd' THEN d.provider ELSE c.collprovider::text END AS provider,
         CASE c.collprovider WHEN 'd' THEN d.locale
           ELSE coalesce(to_jsonb(c)->>'colllocale', to_jsonb(c)->>'colliculocale', c.collcollate, c.collname) END AS locale
    FROM pg_collation c CROSS JOIN database d
), collations AS (
  SELECT oid, CASE WHEN NOT deterministic THEN 'nondeterministic ' || locale
                   WHEN locale IN ('C', 'POSIX') AND provider <> 'i' THEN CASE provider WHEN 'b' THEN 'C.UTF-8' ELSE 'C' END
                   WHEN provider = 'b' THEN locale
                   ELSE 'locale ' || locale END AS name
    FROM found
)
"""
"""
The name of each collation (for WITH): `C` and those of the built-in provider order texts by their code points,
`locale ...` and `nondeterministic ...` do not. Columns of catalogues differ between versions, hence the JSON.
"""
