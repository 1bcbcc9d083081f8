"""The dictionary over gRPC, by grpcio: `grpc_server.py FOLDER-OF-DICTIONARY.PROTO`."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor

import grpc
from standing_by import Counter


class Dictionary:
    """The handler; it counts calls that came to their end."""

    def __init__(self, messages, counter: Counter) -> None:
        self._messages = messages
        self._counter = counter

    def Lookup(self, request, context):  # noqa: N802  # as in the .proto
        self._counter.count(context.peer())
        return self._messages.Entry(word=request.word, meaning=f"what {request.word} means")

    def Similar(self, request, context):  # noqa: N802  # as in the .proto
        for number in range(5):
            yield self._messages.Word(word=f"{request.word} {number}")
        self._counter.count(context.peer())


def main() -> None:
    sys.path.insert(0, sys.argv[1])
    messages, services = grpc.protos_and_services("dictionary.proto")
    counter = Counter()
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    services.add_DictionaryServicer_to_server(Dictionary(messages, counter), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    counter.stand_by(port)
    server.stop(None)


if __name__ == "__main__":
    main()
