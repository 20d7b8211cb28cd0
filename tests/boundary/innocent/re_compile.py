# looks like: re.compile
import re
PATTERN = re.compile(r"os\.system\((.*)\)")
