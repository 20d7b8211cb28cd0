# hides: files of the machine, by a response
# caught by: source
from starlette.responses import FileResponse
def answer(name):
    return FileResponse(name)
