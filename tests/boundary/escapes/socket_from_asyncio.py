# hides: a connection by streams
# caught by: source
import asyncio
async def act():
    await asyncio.open_connection("x", 1)
