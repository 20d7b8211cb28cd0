# hides: a folder of the machine, by the server
# caught by: source
from fastapi.staticfiles import StaticFiles
files = StaticFiles(directory="/")
