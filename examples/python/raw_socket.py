"""A protocol of one's own over a plain socket: a line goes out, the same line comes back, and its bytes are counted.

    kilobar run examples/python/raw_socket.py --rate 500/s --for 10s

Expects a server that echoes lines at ECHO_ADDRESS, or else at 127.0.0.1:7007.
"""

import os
import socket

from kilobar import Press

HOST, _, PORT = os.environ.get("ECHO_ADDRESS", "127.0.0.1:7007").rpartition(":")


class Line(Press):
    rate = "100/s"
    duration = "5s"
    timeout = "5s"

    def vocab(self):
        return [f"{number:04} {'x' * number}\n".encode() for number in range(0, 1000, 50)]

    def on_start(self):
        with self.measure("connect"):
            self.socket = socket.create_connection((HOST, int(PORT)), timeout=2)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.lines = self.socket.makefile("rb")

    def press(self, line):
        try:
            self.echo(line)
        except OSError:
            # A connection that has failed is not used again: the next answer on it may be that to this line.
            self.on_stop()
            self.on_start()
            raise

    def echo(self, line):
        with self.measure("echo") as step:
            self.socket.sendall(line)
            step.bytes_out = len(line)
            answer = self.lines.readline()
            step.bytes_in = len(answer)
            if not answer:
                raise ConnectionError("the server has closed the connection")
            if answer != line:
                step.fail(f"sent {line[:20]}, got {answer[:20]}")

    def on_stop(self):
        self.lines.close()
        self.socket.close()
