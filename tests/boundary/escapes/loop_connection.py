# hides: a connection by the loop
# caught by: source
import asyncio
asyncio.get_event_loop().create_connection(None, "x", 1)
