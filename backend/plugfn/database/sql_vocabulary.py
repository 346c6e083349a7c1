"""What a free SELECT may be made of: the kinds of syntax and of functions that can only read tables named in it.

A closed list: whatever is not here is refused, also what a later sqlglot or PostgreSQL learns. Left out on purpose:
functions that act (set_config, pg_notify, locks, nextval), that run SQL or open files or connections (query_to_xml,
dblink, pg_read_file, lo_import), that wait or make rows or long texts out of nothing (pg_sleep, generate_series,
repeat, lpad, recursion), and casts to types that look into the catalogue (regclass).
"""

from sqlglot import exp

STRUCTURE: tuple[type[exp.Expr], ...] = (
    exp.Select,
    exp.Union,
    exp.Except,
    exp.Intersect,
    exp.Subquery,
    exp.With,
    exp.CTE,
    exp.From,
    exp.Join,
    exp.Table,
    exp.TableAlias,
    exp.Where,
    exp.Group,
    exp.Having,
    exp.Order,
    exp.Ordered,
    exp.Limit,
    exp.Offset,
    exp.Distinct,
    exp.Column,
    exp.Identifier,
    exp.Star,
    exp.Alias,
    exp.Paren,
    exp.Tuple,
)
VALUES: tuple[type[exp.Expr], ...] = (
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Interval,
    exp.Var,
    exp.DataType,
    exp.DataTypeParam,
)
OPERATORS: tuple[type[exp.Expr], ...] = (
    exp.And,
    exp.Or,
    exp.Not,
    exp.EQ,
    exp.NEQ,
    exp.GT,
    exp.GTE,
    exp.LT,
    exp.LTE,
    exp.NullSafeEQ,
    exp.NullSafeNEQ,
    exp.Between,
    exp.In,
    exp.Is,
    exp.Like,
    exp.ILike,
    exp.Escape,
    exp.Exists,
    exp.Add,
    exp.Sub,
    exp.Mul,
    exp.Div,
    exp.Mod,
    exp.Neg,
    exp.DPipe,
    exp.AtTimeZone,
    exp.JSONExtract,
    exp.JSONExtractScalar,
    exp.JSONPath,
    exp.JSONPathRoot,
    exp.JSONPathKey,
    exp.JSONPathSubscript,
)
FUNCTIONS: tuple[type[exp.Expr], ...] = (
    exp.Count,
    exp.Sum,
    exp.Avg,
    exp.Min,
    exp.Max,
    exp.Stddev,
    exp.StddevPop,
    exp.StddevSamp,
    exp.Variance,
    exp.VariancePop,
    exp.LogicalAnd,
    exp.LogicalOr,
    exp.Filter,
    exp.Window,
    exp.WindowSpec,
    exp.RowNumber,
    exp.Rank,
    exp.DenseRank,
    exp.Lag,
    exp.Lead,
    exp.FirstValue,
    exp.LastValue,
    exp.Case,
    exp.If,
    exp.Coalesce,
    exp.Nullif,
    exp.Greatest,
    exp.Least,
    exp.Cast,
    exp.Lower,
    exp.Upper,
    exp.Length,
    exp.Trim,
    exp.Substring,
    exp.StrPosition,
    exp.Left,
    exp.Right,
    exp.Concat,
    exp.Abs,
    exp.Round,
    exp.Ceil,
    exp.Floor,
    exp.Extract,
    exp.TimestampTrunc,
    exp.CurrentDate,
    exp.CurrentTimestamp,
)
ALLOWED = frozenset(STRUCTURE + VALUES + OPERATORS + FUNCTIONS)

CASTS = frozenset(
    getattr(exp.DType, name)
    for name in "BOOLEAN SMALLINT INT BIGINT DECIMAL FLOAT DOUBLE TEXT VARCHAR CHAR DATE TIME TIMESTAMP TIMESTAMPTZ "
    "INTERVAL UUID JSON JSONB".split()
)
"""The types that a value may be cast to."""

PARTS = {
    exp.Select: frozenset(
        {"expressions", "from_", "joins", "where", "group", "having", "order", "limit", "offset", "distinct", "with_"}
    ),
    exp.Table: frozenset({"this", "db", "alias", "joins"}),
    exp.With: frozenset({"expressions"}),
    exp.Subquery: frozenset({"this", "alias", "joins", "order", "limit", "offset", "with_"}),
    exp.Cast: frozenset({"this", "to"}),
    exp.Identifier: frozenset({"this", "quoted"}),
    exp.Column: frozenset({"this", "table"}),
}
"""The only parts that these may have: no INTO, lock, sample, recursion, catalogue of another database …"""
