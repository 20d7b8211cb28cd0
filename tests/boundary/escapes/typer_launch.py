# hides: a viewer process by typer
# caught by: source
import typer
typer.launch("x")
