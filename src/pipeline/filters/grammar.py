"""What conditions may be made of."""

from sqlglot import exp

ALLOWED: dict[type[exp.Expr], frozenset[str]] = {
    exp.And: frozenset({"this", "expression"}),
    exp.Or: frozenset({"this", "expression"}),
    exp.Not: frozenset({"this"}),
    exp.Paren: frozenset({"this"}),
    exp.EQ: frozenset({"this", "expression"}),
    exp.NEQ: frozenset({"this", "expression"}),
    exp.LT: frozenset({"this", "expression"}),
    exp.LTE: frozenset({"this", "expression"}),
    exp.GT: frozenset({"this", "expression"}),
    exp.GTE: frozenset({"this", "expression"}),
    exp.NullSafeEQ: frozenset({"this", "expression"}),
    exp.NullSafeNEQ: frozenset({"this", "expression"}),
    exp.Is: frozenset({"this", "expression", "negate"}),
    exp.In: frozenset({"this", "expressions"}),
    exp.Between: frozenset({"this", "low", "high"}),
    exp.Like: frozenset({"this", "expression", "negate"}),
    exp.Escape: frozenset({"this", "expression"}),
    exp.Column: frozenset({"this", "table", "db"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Literal: frozenset({"this", "is_string"}),
    exp.National: frozenset({"this"}),
    exp.Boolean: frozenset({"this"}),
    exp.Null: frozenset(),
    exp.Neg: frozenset({"this"}),
    exp.Add: frozenset({"this", "expression"}),
    exp.Sub: frozenset({"this", "expression"}),
    exp.Mul: frozenset({"this", "expression"}),
    exp.Div: frozenset({"this", "expression", "typed", "safe"}),
    exp.IntDiv: frozenset({"this", "expression"}),
    exp.Mod: frozenset({"this", "expression"}),
    exp.DPipe: frozenset({"this", "expression", "safe"}),
    exp.Collate: frozenset({"this", "expression"}),
    exp.Var: frozenset({"this"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.DataType: frozenset({"this", "nested", "expressions"}),
    exp.DataTypeParam: frozenset({"this"}),
    exp.Lower: frozenset({"this"}),
    exp.Upper: frozenset({"this"}),
    exp.Length: frozenset({"this", "binary"}),
    exp.Substring: frozenset({"this", "start", "length", "zero_start"}),
    exp.Left: frozenset({"this", "expression", "negative_length_returns_empty"}),
    exp.Right: frozenset({"this", "expression", "negative_length_returns_empty"}),
    exp.Trim: frozenset({"this", "position"}),
    exp.Concat: frozenset({"expressions", "safe", "coalesce"}),
    exp.Coalesce: frozenset({"this", "expressions", "is_null", "is_nvl"}),
    exp.Nullif: frozenset({"this", "expression"}),
    exp.Abs: frozenset({"this"}),
    exp.Round: frozenset({"this", "decimals", "casts_non_integer_decimals"}),
    exp.Floor: frozenset({"this"}),
    exp.Ceil: frozenset({"this"}),
    exp.Extract: frozenset({"this", "expression"}),
    exp.Year: frozenset({"this"}),
    exp.Month: frozenset({"this"}),
    exp.Day: frozenset({"this"}),
    exp.TsOrDsToDate: frozenset({"this", "safe"}),
    exp.Anonymous: frozenset({"this", "expressions"}),
}
"""The kinds of expressions, and their parts; whatever is not here is refused."""

BY_NAME = {"UNIX_TIMESTAMP": 1}
"""Functions that only their names tell, and how many arguments they have."""

REFUSED: tuple[tuple[tuple[type[exp.Expr], ...], str], ...] = (
    ((exp.Query, exp.Exists, exp.Subquery), "a subquery is not possible: a row has to satisfy its filter by what it holds itself"),
    ((exp.AggFunc,), "an aggregate is not possible: a filter is about one row"),
    ((exp.Window,), "a window function is not possible: a filter is about one row"),
    ((exp.Parameter, exp.SessionParameter, exp.Placeholder), "a parameter is not possible: write the value itself"),
    ((exp.ILike,), "ILIKE is not possible: write lower(column) LIKE and the pattern in small letters"),
    ((exp.RegexpLike, exp.RegexpILike, exp.SimilarTo), "a regular expression is not possible: databases differ in them; use LIKE"),
    ((exp.Case, exp.If), "CASE and IF are not possible: use AND and OR, or coalesce"),
    ((exp.Interval,), "an interval is not possible: write the date or timestamp itself"),
    ((exp.Star,), "a whole row cannot be compared: name its columns"),
)
"""What users try whom a reason helps; looked at in this order."""

CHANGING = frozenset(
    {
        *("currentdate", "currenttime", "currenttimestamp", "currentdatetime", "localtime", "localtimestamp", "sysdate", "systimestamp"),
        *("now", "getdate", "getutcdate", "sysdatetime", "utcdate", "utctime", "utctimestamp", "clocktimestamp", "statementtimestamp"),
        *("transactiontimestamp", "timeofday", "rand", "randn", "random", "uuid", "genrandomuuid", "newid", "sysguid", "currentuser"),
        *("sessionuser", "systemuser", "user", "currentschema", "currentdatabase", "database", "connectionid", "lastinsertid", "nextval"),
        *("currval", "lastval", "setval", "pgsleep", "sleep", "benchmark", "txidcurrent", "version", "rowcount", "foundrows"),
    }
)
"""Functions whose result is another at another moment, or for another user; without `_`, in small letters."""
