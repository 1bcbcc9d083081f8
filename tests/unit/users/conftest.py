import gc
import signal
import threading
from collections.abc import Iterator

import pytest

from kilobar.users import failure

from .ordering_engine import FakeEngine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeEngine]:
    """A fake engine in the place of the native one; every failure is news to it."""
    monkeypatch.setattr(failure, "_told", {})
    handler = signal.getsignal(signal.SIGINT)
    fake = FakeEngine()
    fake.install(monkeypatch)
    yield fake
    fake.dispose()
    signal.signal(signal.SIGINT, handler)
    gc.unfreeze()
    threading.stack_size(0)
