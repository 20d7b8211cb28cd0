# looks like: a statement that reaches no call
EXAMPLE = "DROP TABLE incidents;"
