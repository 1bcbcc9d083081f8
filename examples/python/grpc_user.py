"""A gRPC service: users as coroutines, thousands of them in a worker, with a unary and a streaming call.

    kilobar run examples/python/grpc_user.py --users 100 --for 10s

Expects a server of dictionary.proto at GRPC_ADDRESS, or else at 127.0.0.1:50051. Needs `pip install grpcio
grpcio-tools`, which compile the .proto here; generated modules are imported in the same place.
"""

import os
import sys
from pathlib import Path

import grpc

from kilobar import User, task

sys.path.insert(0, str(Path(__file__).parent))  # where grpc looks for the .proto
ADDRESS = os.environ.get("GRPC_ADDRESS", "127.0.0.1:50051")
messages, services = grpc.protos_and_services("dictionary.proto")


class Reader(User):
    users = 10
    duration = "5s"
    wait = "10ms..50ms"

    async def on_start(self):
        # Without this all channels of a process share one connection, and the load is that of a single client.
        own_connection = [("grpc.use_local_subchannel_pool", 1)]
        self.channel = grpc.aio.insecure_channel(ADDRESS, options=own_connection)
        self.dictionary = services.DictionaryStub(self.channel)

    @task(3)
    async def look_up(self):
        async with self.measure("Lookup") as step:
            entry = await self.dictionary.Lookup(messages.Word(word="latency"), timeout=2)
            if not entry.meaning:
                step.fail("the entry is empty")

    @task(1)
    async def browse(self):
        async with self.measure("Similar") as step:
            async for word in self.dictionary.Similar(messages.Word(word="latency"), timeout=2):
                step.bytes_in += word.ByteSize()

    async def on_stop(self):
        await self.channel.close()
