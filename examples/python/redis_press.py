"""Redis: carts are filled and looked at, each command counted as a step of its own.

    kilobar run examples/python/redis_press.py --users 50 --for 10s

Expects a Redis that may be written to at REDIS_URL, or else at redis://127.0.0.1:6379/0: it gets keys `cart:0` to
`cart:999`, which expire. Needs `pip install redis`.
"""

import os

import redis

from kilobar import Press


class Cart(Press):
    users = 10
    duration = "5s"

    def vocab(self):
        return range(1000)

    def on_start(self):
        self.redis = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"), socket_timeout=2)

    def press(self, number):
        cart = f"cart:{number}"
        with self.measure("HSET"):
            self.redis.hset(cart, "item", number)
        with self.measure("EXPIRE"):
            self.redis.expire(cart, 60)
        with self.measure("HGET") as step:
            item = self.redis.hget(cart, "item")
            if item != b"%d" % number:
                step.fail(f"put {number} into {cart}, found {item}")

    def on_stop(self):
        self.redis.close()
