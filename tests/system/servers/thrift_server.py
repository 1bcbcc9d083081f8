"""The dictionary over Thrift, by thriftpy2: `thrift_server.py DICTIONARY.THRIFT`."""

from __future__ import annotations

import sys
import threading
from types import ModuleType

import thriftpy2
from standing_by import Counter
from thriftpy2.server import TThreadedServer
from thriftpy2.thrift import TProcessor
from thriftpy2.transport import TServerSocket


class Dictionary:
    """The handler."""

    def __init__(self, definition: ModuleType, counter: Counter) -> None:
        self._definition = definition
        self._counter = counter

    def lookup(self, word: str) -> object:
        # The server has a thread for each connection.
        self._counter.count(threading.get_ident())
        return self._definition.Entry(word=word, meaning=f"what {word} means")


def main() -> None:
    definition = thriftpy2.load(sys.argv[1], module_name="dictionary_thrift")
    counter = Counter()
    listener = TServerSocket(host="127.0.0.1", port=0)
    listener.listen()
    server = TThreadedServer(TProcessor(definition.Dictionary, Dictionary(definition, counter)), listener)
    threading.Thread(target=accept, args=(server, listener), daemon=True).start()
    counter.stand_by(listener.sock.getsockname()[1])


def accept(server: TThreadedServer, listener: TServerSocket) -> None:
    """Instead of `serve`, which would listen itself and keep its port to itself."""
    while True:
        threading.Thread(target=server.handle, args=(listener.accept(),), daemon=True).start()


if __name__ == "__main__":
    main()
