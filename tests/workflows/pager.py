"""A receiver of webhooks that is a process of its own and may be killed: `python -m tests.workflows.pager <port> <folder>`.

The id of every message that arrives is a file, whether or not it has come before; it is written before the sender hears that it was taken.
"""

import sys
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4


class Kept(BaseHTTPRequestHandler):
    """Keeps the id of all that it takes in a folder."""

    def __init__(self, folder: Path, *connection: Any) -> None:
        self.folder = folder
        super().__init__(*connection)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        beside = self.folder / f"{uuid4().hex}.part"
        beside.write_text(self.headers["webhook-id"])
        beside.rename(beside.with_suffix(".id"))
        self.send_response(204)
        self.end_headers()


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), partial(Kept, Path(sys.argv[2]))).serve_forever()
