# looks like: a console without a pager
from rich.console import Console
Console().print("os.system")
