# hides: a process, through the event loop of a parameter
# caught by: source
async def act(loop):
    await loop.subprocess_exec(None, "id")
