"""What ends the SELECT of a table of which a job does not take all rows."""

from pipeline.sources.source import Table


def narrowing(table: Table, order: str, *, first: bool, limit: str = " LIMIT {}") -> str:
    """
    The clauses behind FROM; `order` are the columns of its key, `limit` is what cuts the rows after so many, as the source writes them.

    Only the `first` reading takes no more than so many rows: later ones read whatever has a place by then.
    """
    where = "" if table.condition is None else f" WHERE ({table.condition})"
    ordered = f" ORDER BY {order}" if order and table.narrowed else ""
    cut = limit.format(table.row_count) if first and table.row_count is not None else ""
    return f"{where}{ordered}{cut}"
