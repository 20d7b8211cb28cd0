# hides: a server's workers, without a grant
# caught by: source
from uvicorn import Config, Server
Server(Config("x:app", workers=2)).run()
