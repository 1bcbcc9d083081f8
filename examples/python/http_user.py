"""People in a shop, as coroutines: each logs in once, then most look around, some buy, and all of them think.

    kilobar run examples/python/http_user.py --users 100 --for 30s
    kilobar run examples/python/http_user.py --tags buying

Expects `kilobar target`, or TARGET_URL.
"""

import os
import random

from kilobar import User, between, tag, task


class Shopper(User):
    target = os.environ.get("TARGET_URL", "http://127.0.0.1:8700")
    users = 20
    duration = "5s"
    wait = between(0.05, 0.15)

    async def on_start(self):
        name = f"shopper {random.randrange(1000)}"
        login = await self.http.post("/login", json={"user": name, "password": "secret"})
        # From now on every request of this user has it.
        self.http.headers["authorization"] = f"Bearer {login.json()['token']}"
        self.data["items"] = [1]

    @task(3)
    async def look_around(self):
        page = await self.http.get("/items", params={"page": random.randint(1, 5)}).check(json={"$.ok": True})
        self.data["items"] = [item["id"] for item in page.json()["items"]]
        item = random.choice(self.data["items"])
        await self.http.get(f"/items/{item}", name="GET /items/{id}")

    @task(1)
    @tag("buying")
    async def buy(self):
        order = {"item": random.choice(self.data["items"])}
        await self.http.post("/orders", json=order, status=201)
