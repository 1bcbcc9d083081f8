"""The dictionary over gRPC, by grpcio: `grpc_server.py FOLDER-OF-DICTIONARY.PROTO`."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from standing_by import stand_by


class Dictionary:
    """The handler; it counts calls that came to their end."""

    def __init__(self, messages) -> None:
        self._messages = messages
        self._lock = threading.Lock()
        self._count = 0

    def count(self) -> int:
        return self._count

    def Lookup(self, request, context):  # noqa: N802  # as in the .proto
        self._served()
        return self._messages.Entry(word=request.word, meaning=f"what {request.word} means")

    def Similar(self, request, context):  # noqa: N802  # as in the .proto
        for number in range(5):
            yield self._messages.Word(word=f"{request.word} {number}")
        self._served()

    def _served(self) -> None:
        with self._lock:
            self._count += 1


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    messages, services = grpc.protos_and_services("dictionary.proto")
    dictionary = Dictionary(messages)
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    services.add_DictionaryServicer_to_server(dictionary, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    stand_by(port, dictionary.count)
    server.stop(None)


if __name__ == "__main__":
    main()
