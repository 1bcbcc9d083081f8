"""Much work for the processor on the side of the client: parameters are encrypted, answers decrypted and verified.

    kilobar run examples/python/crypto.py --rate 300/s --for 10s

An interpreter uses one core, so a run has a worker for each core; `--workers 1` shows what one of them can do. When the
rate is more than the cores can do, requests start late: the report shows it as start lag, and calls such a run
invalid rather than blame the server. Expects `kilobar target`, or TARGET_URL.
"""

import hashlib
import hmac
import json
import os

from kilobar import Press

KEY = hashlib.sha256(b"shared with the server").digest()
BLOCK_BYTES = hashlib.sha256().digest_size


def apply_key_stream(nonce, data):
    """Encrypts and decrypts: HMAC-SHA-256 in counter mode, here because the standard library has no cipher."""
    counters = range(0, len(data), BLOCK_BYTES)
    stream = b"".join(hmac.digest(KEY, nonce + counter.to_bytes(8), "sha256") for counter in counters)
    return (int.from_bytes(data) ^ int.from_bytes(stream[: len(data)])).to_bytes(len(data))


def seal(parameters):
    nonce = os.urandom(16)
    sealed = nonce + apply_key_stream(nonce, json.dumps(parameters).encode())
    return sealed + hmac.digest(KEY, sealed, "sha256")


def unseal(sealed):
    sealed, signature = sealed[:-BLOCK_BYTES], sealed[-BLOCK_BYTES:]
    if not hmac.compare_digest(hmac.digest(KEY, sealed, "sha256"), signature):
        raise ValueError("the signature is wrong")
    return json.loads(apply_key_stream(sealed[:16], sealed[16:]))


class Payment(Press):
    target = os.environ.get("TARGET_URL", "http://127.0.0.1:8700")
    rate = "100/s"
    duration = "5s"

    def vocab(self):
        return [{"account": number, "history": [number] * 1000} for number in range(100)]

    def press(self, parameters):
        with self.measure("encrypt"):
            body = seal(parameters).hex()
        answer = self.http.post("/echo", data=body)
        with self.measure("verify") as step:
            if unseal(bytes.fromhex(answer.json()["body"])) != parameters:
                step.fail("what came back is not what was sent")
