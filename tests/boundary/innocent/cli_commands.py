# looks like: a CLI whose commands have such names
import typer
app = typer.Typer()
@app.command("run")
def run(name: str = typer.Option("x", help="The name; never executed")) -> None:
    typer.echo(name)
