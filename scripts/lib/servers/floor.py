# SPDX-License-Identifier: Apache-2.0
"""The floor of the storm: a bare FastAPI application that parses the JSON of a body and counts its alerts."""

from __future__ import annotations

import json
import sys

import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/health")
def health() -> dict[str, str]:
    """It answers."""
    return {"status": "ok"}


@app.post("/v1/alerts")
async def alerts(request: Request) -> dict[str, int]:
    """How many alerts the body has."""
    return {"read": len(json.loads(await request.body())["alerts"])}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), http="h11", loop="asyncio", log_level="warning")
