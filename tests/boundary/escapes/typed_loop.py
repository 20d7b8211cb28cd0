# hides: a connection by a loop that an annotation names
# caught by: source
import asyncio
def act(loop: asyncio.AbstractEventLoop):
    return loop.create_connection(None, "x", 1)
