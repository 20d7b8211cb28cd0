# hides: a process, by an asynchronous generator
# caught by: source
import os
async def tools():
    yield os
async def go():
    async for tool in tools():
        tool.system("id")
