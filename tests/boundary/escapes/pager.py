# hides: a pager process by the console
# caught by: source
from rich.console import Console
console = Console()
with console.pager():
    console.print("x")
