"""The dictionary over Thrift, by thriftpy2: `thrift_server.py DICTIONARY.THRIFT`."""

from __future__ import annotations

import sys
import threading
from types import ModuleType

import thriftpy2
from standing_by import stand_by
from thriftpy2.server import TThreadedServer
from thriftpy2.thrift import TProcessor
from thriftpy2.transport import TServerSocket


class Dictionary:
    """The handler."""

    def __init__(self, definition: ModuleType) -> None:
        self._definition = definition
        self._lock = threading.Lock()
        self._count = 0

    def count(self) -> int:
        return self._count

    def lookup(self, word: str) -> object:
        with self._lock:
            self._count += 1
        return self._definition.Entry(word=word, meaning=f"what {word} means")


def main() -> None:
    definition = thriftpy2.load(sys.argv[1], module_name="dictionary_thrift")
    dictionary = Dictionary(definition)
    listener = TServerSocket(host="127.0.0.1", port=0)
    listener.listen()
    server = TThreadedServer(TProcessor(definition.Dictionary, dictionary), listener)
    threading.Thread(target=accept, args=(server, listener), daemon=True).start()
    stand_by(listener.sock.getsockname()[1], dictionary.count)


def accept(server: TThreadedServer, listener: TServerSocket) -> None:
    """Instead of `serve`, which would listen itself and keep its port to itself."""
    while True:
        threading.Thread(target=server.handle, args=(listener.accept(),), daemon=True).start()


if __name__ == "__main__":
    main()
