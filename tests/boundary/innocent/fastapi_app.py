# looks like: an application that answers from memory
from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

app = FastAPI()


@app.get("/x")
async def x(request: Request, limit: int = Query(default=10)) -> Response:
    """Answer."""
    return JSONResponse({"limit": limit, "path": request.url.path})
