"""Stands in for `mulligan serve` where the tests run without it: the same API, the verifier `number` for whole numbers."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


def judge(item: dict[str, Any]) -> dict[str, Any]:
    """The last number of the response is the answer, or it could not be decided because the answer is no number."""
    try:
        want = int(item["answer"]["value"])
    except (TypeError, ValueError):
        return {"id": item["id"], "error": "the answer holds no number"}
    numbers = re.findall(r"\d+", item["response"])
    passed = bool(numbers) and int(numbers[-1]) == want
    return {
        "id": item["id"],
        "pass": passed,
        "score": float(passed),
        "parsed": numbers[-1] if numbers else "",
        "reason": "",
        "feedback": "",
    }


class Double(ThreadingHTTPServer):
    """Keeps the items asked for; answers the first `busy` requests with 503, and then one each by its `troubles`.

    A trouble is 503, bytes that are sent in place of an answer, or the number of the item of a batch that the server does not get to.
    """

    def __init__(self, busy: int = 0, token: str | None = None, troubles: Sequence[int | bytes] = ()) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.busy, self.token, self.items, self.troubles = busy, token, [], list(troubles)  # type: ignore[var-annotated]
        self.url = f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Double

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.busy > 0:
            self.server.busy -= 1
            return self.answer(503, {"error": "busy"})
        if self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
            return self.answer(401, {"error": "unauthorized"})
        items = body["items"] if self.path == "/verify/batch" else [body]
        trouble = self.server.troubles.pop(0) if self.server.troubles else None
        if isinstance(trouble, bytes):
            self.wfile.write(trouble)
            self.close_connection = True
            return None
        if trouble == 503:
            return self.answer(503, {"error": "busy"})
        self.server.items += items
        results = [judge(i) if "response" in i else {"id": None, "error": "no response", "status": 400} for i in items]
        if trouble is not None:
            results = [{"id": r["id"], "error": "stuck", "status": 503} if r["id"] == trouble else r for r in results]
        if self.path == "/verify/batch":
            return self.answer(200, {"results": results})
        return self.answer(422 if "error" in results[0] else 200, results[0])

    def answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def double(**options: Any) -> Iterator[Double]:
    server = Double(**options)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def mulligan() -> Iterator[str]:
    """The address of the real server that MULLIGAN_SERVE names, or of the double."""
    if url := os.environ.get("MULLIGAN_SERVE"):
        yield url
        return
    with double() as server:
        yield server.url
