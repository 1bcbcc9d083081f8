from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kilobar.fleet.frames import HEADER, INTERVAL, JSON, MAX_FRAME_BYTES, Decoder, FrameError, encode

frames = st.lists(st.tuples(st.sampled_from([JSON, INTERVAL]), st.binary(max_size=300)), max_size=8)


@given(frames, st.lists(st.integers(0, 2500), max_size=10))
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(
    frames: list[tuple[str, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(encode(kind, payload) for kind, payload in frames)
    bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder = Decoder()
    heard = [frame for a, b in pairwise(bounds) for frame in decoder.feed(stream[a:b])]
    assert heard == frames
    assert decoder.is_empty


def test_the_header_is_a_little_endian_length_of_the_payload_and_a_kind() -> None:
    assert encode(JSON, b"abc") == b"\x03\x00\x00\x00Jabc"


def test_a_stream_that_ends_inside_a_frame_is_not_empty() -> None:
    decoder = Decoder()
    assert list(decoder.feed(encode(JSON, b"abc")[:-1])) == []
    assert not decoder.is_empty


def test_what_came_before_a_bad_frame_is_heard() -> None:
    feed = Decoder().feed(encode(JSON, b"{}") + b"\x00\x00\x00\x00?")
    assert next(feed) == (JSON, b"{}")
    with pytest.raises(FrameError, match="unknown kind 63"):
        next(feed)


def test_a_frame_over_the_limit_is_refused_before_its_payload_comes() -> None:
    with pytest.raises(FrameError, match="over the limit"):
        list(Decoder().feed(HEADER.pack(MAX_FRAME_BYTES + 1, ord(JSON))))
    assert list(Decoder().feed(HEADER.pack(MAX_FRAME_BYTES, ord(JSON)))) == []
    with pytest.raises(FrameError, match="over the limit"):
        encode(JSON, bytes(MAX_FRAME_BYTES + 1))


@given(st.binary(max_size=200))
def test_any_bytes_are_frames_or_a_frame_error(data: bytes) -> None:
    decoder = Decoder()
    try:
        for kind, _ in decoder.feed(data):
            assert kind in (JSON, INTERVAL)
    except FrameError:
        pass
