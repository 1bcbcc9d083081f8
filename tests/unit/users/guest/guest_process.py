"""The process of a worker, with a native module that speaks over two pipes: the test is its engine."""

import json
import os
import sys
import time
import types


def fake_native(orders_fd: int, words_fd: int, code: str) -> types.ModuleType:
    native = types.ModuleType("kilobar._native")
    pending = bytearray()
    requests = iter(range(1, 1_000_000))

    def say(*word: object) -> None:
        os.write(words_fd, json.dumps(word).encode() + b"\n")

    def take_orders() -> list[tuple]:
        pending.extend(os.read(orders_fd, 65_536))
        *lines, rest = bytes(pending).split(b"\n")
        pending[:] = rest
        orders = []
        for line in lines:
            order = json.loads(line)
            if order[0] == "response":
                order[3:5] = [part.encode("latin-1") for part in order[3:5]]
            orders.append(tuple(order))
        return orders

    def send_guest_request(*arguments: object) -> int:
        number = next(requests)
        user, method, url, headers, body, *rest = arguments
        say("request", number, user, method, url, headers, body and body.decode("latin-1"), *rest)
        return number

    native.next_code = lambda: code
    native.orders_fd = lambda: orders_fd
    native.take_orders = take_orders
    native.send_guest_request = send_guest_request
    native.monotonic_ns = time.monotonic_ns
    native.host_lag = lambda lag_ns: None
    for name in ("code_loaded", "began", "ended", "left", "count_step", "stop_run", "closed"):
        setattr(native, name, lambda *arguments, name=name: say(name, *arguments))
    return native


if __name__ == "__main__":
    code_text, orders, words = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    import kilobar

    kilobar._native = sys.modules["kilobar._native"] = fake_native(orders, words, code_text)
    from kilobar.users.guest.serve import serve

    serve()
    os._exit(0)
