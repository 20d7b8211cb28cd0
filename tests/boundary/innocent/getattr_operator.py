# looks like: an operator by name
import operator
OPERATORS = {name: getattr(operator, name) for name in ("lt", "le", "gt", "ge")}
