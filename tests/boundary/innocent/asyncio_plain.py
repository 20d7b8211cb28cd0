# looks like: asyncio without processes or connections
import asyncio
async def main():
    await asyncio.gather(asyncio.sleep(0), asyncio.to_thread(print))
asyncio.run(main())
