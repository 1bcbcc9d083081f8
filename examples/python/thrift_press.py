"""A Thrift service: rows of words, and one call for each of them through thriftpy2's own client.

    kilobar run examples/python/thrift_press.py --rate 200/s --for 10s

Expects a server of dictionary.thrift (binary protocol, buffered transport) at THRIFT_ADDRESS, or else at
127.0.0.1:9090. Needs `pip install thriftpy2`.
"""

import os
from pathlib import Path

import thriftpy2
from thriftpy2.rpc import make_client
from thriftpy2.transport import TTransportException

from kilobar import Press, rows

HOST, _, PORT = os.environ.get("THRIFT_ADDRESS", "127.0.0.1:9090").rpartition(":")
dictionary = thriftpy2.load(str(Path(__file__).with_name("dictionary.thrift")), module_name="dictionary_thrift")


class Lookup(Press):
    rate = "100/s"
    duration = "5s"

    def vocab(self):
        return rows("words.txt")

    def on_start(self):
        self.client = make_client(dictionary.Dictionary, HOST, int(PORT), timeout=2000)

    def press(self, word):
        try:
            entry = self.client.lookup(word)
        except (OSError, TTransportException):
            # A connection that has failed is not used again: the next answer on it may be that to this call.
            self.on_stop()
            self.on_start()
            raise
        assert entry.word == word, f"asked for {word}, got {entry.word}"

    def on_stop(self):
        self.client.close()
