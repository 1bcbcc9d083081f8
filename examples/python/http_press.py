"""The smallest load test of an HTTP service: rows of a file, and what is done with one row.

    kilobar run examples/python/http_press.py --rate 200/s --for 10s

Expects `kilobar target`, or TARGET_URL. The requests are executed by Kilobar's own engine.
"""

import os

from kilobar import Press, rows


class Login(Press):
    target = os.environ.get("TARGET_URL", "http://127.0.0.1:8700")
    rate = "50/s"
    duration = "5s"

    def vocab(self):
        return rows("accounts.csv")

    def press(self, account):
        token = self.http.post("/login", json=account).check(status=200, json={"$.token": ...}).json()["token"]
        page = self.http.get("/items", headers={"authorization": f"Bearer {token}"})
        page.check(json={"$.ok": True}, max_s=1)
