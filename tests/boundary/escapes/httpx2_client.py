# hides: a connection, by the client of the second name
# caught by: source
import httpx2
httpx2.get("https://example.org")
