# hides: a process, through asyncio renamed
# caught by: source
import asyncio as a
async def act():
    await a.create_subprocess_exec("id")
