"""PostgreSQL: every order of a file is inserted exactly once, over all workers; then the load ends.

    kilobar run examples/python/postgres_press.py --users 20 --for 1m

Expects a server at POSTGRES_URL, or else at postgresql://postgres@127.0.0.1:5432/postgres, with the table
    CREATE TABLE orders (id bigserial PRIMARY KEY, number int, item text, quantity int)
Needs `pip install "psycopg[binary]"`.
"""

import os

import psycopg

import kilobar


class Order(kilobar.Press):
    users = 10
    duration = "1m"
    rows = "once"

    def vocab(self):
        return kilobar.rows("orders.csv")

    def on_start(self):
        address = os.environ.get("POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
        self.connection = psycopg.connect(address, connect_timeout=5, autocommit=True)

    def press(self, order):
        if self.connection.closed:  # since it failed
            self.on_start()
        with self.measure("order"), self.connection.transaction():
            cursor = self.connection.execute(
                "INSERT INTO orders (number, item, quantity) VALUES (%(number)s, %(item)s, %(quantity)s) RETURNING id",
                order,
            )
            (order_id,) = cursor.fetchone()
        with self.measure("read it") as step:
            found = self.connection.execute("SELECT item FROM orders WHERE id = %s", [order_id]).fetchone()
            if found != (order["item"],):
                step.fail(f"ordered {order['item']}, found {found}")

    def on_stop(self):
        self.connection.close()
