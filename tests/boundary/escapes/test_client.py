# hides: a connection, by the test client of a server
# caught by: source
from fastapi.testclient import TestClient
TestClient(None).get("/")
