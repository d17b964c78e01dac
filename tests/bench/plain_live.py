"""The plain way to do it, for comparison: one Python filter object a wearer (VQF, sample by sample), nothing stored."""

import asyncio
import json
import math
import struct
from typing import Any

import numpy as np
import uvicorn
import vqf

_HEAD = struct.Struct("<BBHId")


async def app(scope: Any, receive: Any, send: Any) -> None:
    """One connection."""
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    await receive()
    await send({"type": "websocket.send", "text": json.dumps({"ready": True, "stream": "-", "next": None})})
    filter_ = vqf.VQF(0.02)
    while (message := await receive())["type"] != "websocket.disconnect":
        data = message["bytes"]
        _, _, n, number, _ = _HEAD.unpack_from(data)
        numbers = np.frombuffer(data, "<f4", offset=_HEAD.size)
        acc = numbers[n : 4 * n].reshape(n, 3).astype(np.float64)
        gyr = np.radians(numbers[4 * n :].reshape(n, 3).astype(np.float64))
        for k in range(n):
            filter_.update(gyr[k], acc[k])
        w, x, y, z = filter_.getQuat6D()
        inclination = math.degrees(math.acos(max(-1.0, min(1.0, w * w - x * x - y * y + z * z))))
        told = {"now": {"inclination_deg": round(inclination, 1)}, "ack": number}
        await send({"type": "websocket.send", "text": json.dumps(told)})


def serve(port: int) -> None:
    """Says where it is, and serves."""
    config = uvicorn.Config(app, port=port, log_config=None, ws_ping_timeout=60, lifespan="off")
    server = uvicorn.Server(config)

    async def run() -> None:
        task = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  uvicorn has no event for it
            await asyncio.sleep(0.01)
        print(f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/", flush=True)
        await task

    asyncio.run(run())
