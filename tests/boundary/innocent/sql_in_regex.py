# looks like: a pattern that recognises statements
import re
WRITES = re.compile(r"INSERT INTO x (\w+)")
