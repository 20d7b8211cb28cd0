# looks like: parsing only
import ast
TREE = ast.parse("import subprocess")
FLAGS = compile("x", "f", "exec", ast.PyCF_ONLY_AST)
