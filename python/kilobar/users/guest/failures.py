"""What went wrong, in the words of Kilobar: the error class of an exception, and a bounded text. Pure.

Exceptions of libraries are known by name, so that none of those libraries is imported for it.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import traceback

MESSAGE_LIMIT = 1_000
"""Characters of the message of a failed request."""
_TRACE_LIMIT = 2_000

_BY_NAME = {
    "CatchResponseError": "check",
    "ResponseError": "check",
    "AssertionError": "check",
    "LocustBadStatusCode": "status",
    "BadStatusCode": "status",
    "ConnectionRefusedError": "refused",
    "ConnectTimeout": "connect_timeout",
    "ConnectTimeoutError": "connect_timeout",
    "ReadTimeout": "read_timeout",
    "ReadTimeoutError": "read_timeout",
    "NameResolutionError": "dns",
    "gaierror": "dns",
    "SSLError": "tls",
    "CertificateError": "tls",
    "RemoteDisconnected": "eof",
    "HTTPConnectionClosed": "eof",
    "IncompleteRead": "eof",
    "HTTPParseError": "protocol",
    "BadStatusLine": "protocol",
    "ChunkedEncodingError": "protocol",
    "ContentDecodingError": "protocol",
    "DecodeError": "protocol",
    "TooManyRedirects": "protocol",
    "ProtocolError": "protocol",
    "JSONDecodeError": "check",
    "NewConnectionError": "connect",
}
_BY_ERRNO = {
    errno.ECONNREFUSED: "refused",
    errno.ECONNRESET: "reset",
    errno.EPIPE: "reset",
    errno.ECONNABORTED: "reset",
    errno.ETIMEDOUT: "connect_timeout",
    errno.EHOSTUNREACH: "connect",
    errno.ENETUNREACH: "connect",
    errno.EADDRNOTAVAIL: "connect",
    errno.EMFILE: "connect",
    errno.ENFILE: "connect",
}
_HTTP_LIBRARIES = ("requests", "geventhttpclient", "urllib3", "httpx", "http")


def error_class(error: object) -> str:
    """The class under which a request with this outcome is counted; `script` for what is known to nobody."""
    if not isinstance(error, BaseException):
        return "check"  # a listener may be given a plain text: a judgement of the user's code
    said = getattr(error, "error_class", None)
    own = said if isinstance(said, str) else _class_of(error)
    if own is not None:
        return own
    # geventhttpclient keeps what it gave up for in an attribute.
    cause = getattr(error, "original", None) or error.__cause__ or error.__context__
    return (isinstance(cause, BaseException) and _class_of(cause)) or _last_guess(error)


def _class_of(error: BaseException) -> str | None:
    # By name first: http.client's RemoteDisconnected is a ConnectionResetError as well, the name says more.
    for kind in type(error).__mro__:
        if (found := _class_of_name(kind.__name__, kind.__module__.partition(".")[0])) is not None:
            return "refused" if found == "connect" and "refused" in str(error) else found
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "reset"
    if isinstance(error, socket.gaierror):
        return "dns"
    if isinstance(error, OSError) and error.errno in _BY_ERRNO:
        return _BY_ERRNO[error.errno]
    if isinstance(error, TimeoutError):
        return "connect_timeout" if "connect" in str(error).lower() else "read_timeout"
    return None


def _class_of_name(name: str, package: str) -> str | None:
    if name == "HTTPError" and package != "urllib3":
        return "status"
    if name == "Timeout" and package in ("gevent", "requests"):
        return "read_timeout"
    return _BY_NAME.get(name)


def _last_guess(error: BaseException) -> str:
    if type(error).__module__.split(".")[0] not in _HTTP_LIBRARIES:
        return "script"
    text = str(error).lower()
    if "refused" in text:
        return "refused"
    if "name or service not known" in text or "name resolution" in text:
        return "dns"
    return "connect" if type(error).__name__ == "ConnectionError" else "protocol"


def request_message(name: str, error: object) -> str:
    """One bounded line or more: the request, and what went wrong with it."""
    text = str(error) or type(error).__name__
    return f"{name}: {text}"[:MESSAGE_LIMIT]


def described(error: BaseException) -> str:
    """What user code raised, where, and the end of its traceback; at most some 3,000 characters."""
    if isinstance(error, SystemExit):
        what = f"sys.exit({error.code!r}) was called"
    else:
        text = str(error)
        what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_ours(frame.filename)]
    if not frames:
        return what[:MESSAGE_LIMIT]
    last = next((frame for frame in reversed(frames) if not _is_library(frame.filename)), frames[-1])
    place = f"({os.path.basename(last.filename)}:{last.lineno} in {last.name})"
    trace = "".join(traceback.format_list(frames))
    return f"{what[:MESSAGE_LIMIT]} {place}\n{trace[-_TRACE_LIMIT:]}"


def _is_library(filename: str) -> bool:
    return "site-packages" in filename or filename.startswith(("<frozen", os.path.dirname(os.__file__) + os.sep))


def _is_ours(filename: str) -> bool:
    parts = (f"{os.sep}kilobar{os.sep}users{os.sep}", f"{os.sep}locust{os.sep}user{os.sep}", "src/gevent/")
    return any(part in filename for part in parts)
