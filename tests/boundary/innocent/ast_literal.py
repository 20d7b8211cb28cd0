# looks like: literal_eval
import ast
print(ast.literal_eval("[1]"))
