"""JSON over HTTP: one question, one answer, limited in time and size.

Knows nothing about language models, and keeps secrets: keys and passwords
appear in no message, no repr and no log. Never follows a redirect, since
the key would go with it.
"""

import base64
import copy
import json
import os
import queue
import re
import threading
import time
from collections.abc import Iterator

import httpx

from agentic_lib.models.errors import LanguageModelError

LARGEST = 1_000_000  # bytes of an answer
BUSY = (429, 502, 503, 504)
NO_ENTRY = (401, 403)
NO_SUCH_PAGE = (404, 405)
KEYS = ("OPENAI_API_KEY", "HF_TOKEN")  # read only if the user names one
HERE = ("localhost", "127.0.0.1", "::1")


class ServerError(LanguageModelError):
    """A server does not answer, or not as it should.

    status  its HTTP status, None if there was none
    """

    def __init__(self, message: str, status: int | None = None):
        super().__init__(message)
        self.status = status

    @property
    def passing(self) -> bool:
        """True if the same request may be answered in a while."""
        return self.status is None or self.status in BUSY


class Connection:
    """Asks one server.

    address  such as "http://localhost:8000/v1"; a user name and a password in
             it are sent, but never shown
    api_key  sent as "Authorization: Bearer ..."; "OPENAI_API_KEY" or
             "HF_TOKEN" takes the key from the environment
    headers  {name: value}, sent with each request
    timeout  seconds for one answer, retries included
    retries  how many times a busy or unreachable server is asked again
    Raises ValueError if no request can be made with these arguments. A pickle
    holds the key, since a copy must be able to ask too.
    """

    def __init__(self, address: str, api_key: str | None = None,
                 headers: dict[str, str] | None = None, timeout: float = 60,
                 retries: int = 2):
        self.address, user = split_address(address)
        self.timeout, self.retries = timeout, retries
        self._headers = {**all_headers(api_key, headers, user),
                         "Accept-Encoding": "identity"}
        self._renew()

    def _renew(self):
        self._client = httpx.Client(
            headers=self._headers, trust_env=not self.is_here)

    def __getstate__(self):
        return {name: value for name, value in self.__dict__.items()
                if name != "_client"}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._renew()

    def at(self, address: str) -> "Connection":
        """The same connection, to another address of this server."""
        other = copy.copy(self)
        other.address = address
        return other

    def __repr__(self):
        return f"<Connection to {self.address}>"

    @property
    def is_here(self) -> bool:
        """True if the server is on this machine."""
        return httpx.URL(self.address).host in HERE

    def ask(self, path: str, body: dict | None = None) -> dict:
        """POSTs `body` (or sends a GET); returns the answer's JSON object."""
        where, ends = self.address + path, time.monotonic() + self.timeout

        def whole():
            return b"".join(self._open(path, body, ends))

        text = self._patiently(whole, ends)
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise ServerError(
                f"{where} answers 200, but not with a JSON object. The answer "
                f"begins with {self.excerpt(text)!r}. Is this the address "
                "of a language model's server?", 200)
        return found

    def stream(self, path: str, body: dict) -> Iterator[bytes]:
        """Yields the answer's lines as they come."""
        ends = time.monotonic() + self.timeout
        pieces = self._patiently(lambda: self._open(path, body, ends), ends)
        rest = b""
        for piece in pieces:
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
        yield rest

    def _patiently(self, act, ends):
        """Calls act(), with retries.

        It tries again if the server is busy or away and there is time.
        """
        for attempt in range(self.retries + 1):
            try:
                return act()
            except ServerError as error:
                pause = 0.5 * 2 ** attempt
                no_time = time.monotonic() + pause >= ends
                if not error.passing or no_time or attempt == self.retries:
                    raise
            time.sleep(pause)

    def _open(self, path, body, ends) -> Iterator[bytes]:
        """Sends the request and returns the pieces of the answer.

        Raises ServerError for any status other than 200.
        """
        items = self._in_background(path, body, ends)
        status, location = next(items)
        if status != 200:
            text = b"".join(items)
            raise ServerError(
                self._explain(path, status, location, text), status)
        return items

    def _in_background(self, path, body, ends):
        """Yields (status, Location header), then the pieces of the answer.

        A thread does the work, and is abandoned when the time is up: no
        socket timeout stops a server that sends one byte per second.
        """
        found, left = queue.SimpleQueue(), threading.Event()
        client, where = self._client, self.address + path

        def work():
            size = 0
            try:
                with client.stream(
                        "GET" if body is None else "POST", where, json=body,
                        timeout=max(0.001, ends - time.monotonic())) as got:
                    found.put((got.status_code, got.headers.get("Location")))
                    for piece in got.iter_raw():
                        size += len(piece)
                        if size > LARGEST:
                            raise ServerError(
                                f"{where} answers with more than "
                                f"{LARGEST:,} bytes; no decision is as long "
                                "as that.", 200)
                        found.put(piece)
                        if left.is_set():
                            return
                found.put(None)
            except Exception as error:
                found.put(error)

        threading.Thread(target=work, daemon=True).start()
        try:
            while True:
                item = found.get(timeout=max(0, ends - time.monotonic()))
                if item is None:
                    return
                if isinstance(item, Exception):
                    raise self._as_server_error(item, where) from None
                yield item
        except queue.Empty:
            client.close()  # which ends the thread, at its next byte
            self._renew()
            raise self._too_late(where) from None
        finally:
            left.set()

    def _as_server_error(self, error, where) -> ServerError:
        if isinstance(error, ServerError):
            return error
        if isinstance(error, httpx.TimeoutException):
            return self._too_late(where)
        return ServerError(self._hide(
            f"{where} cannot be asked: {type(error).__name__}: {error}. Is "
            "the server running, and is the address right?"))

    def _too_late(self, where) -> ServerError:
        return ServerError(f"{where} timed out: there was no whole answer "
                           f"within {self.timeout:g} s.")

    def _explain(self, path, status, location, text) -> str:
        """What an answer with this status means, and the way out."""
        where = self.address + path
        if 300 <= status < 400:
            return (f"{where} answers {status} and points to "
                    f"{self._hide(without_user(location or 'nowhere'))}, "
                    "which is not followed. Give that address instead, if "
                    "you trust it.")
        if status in NO_ENTRY:
            way = ("It does not accept what was sent as a key or password."
                   if "Authorization" in self._headers else
                   "It needs a key: pass api_key=, or api_key='OPENAI_API_KEY'"
                   " or 'HF_TOKEN' to take it from the environment.")
            return f"{where} answers {status}. {way}"
        return f"{where} answers {status}: {self.excerpt(text)}"

    def excerpt(self, text: bytes) -> str:
        """The beginning of an answer, to be shown to the user."""
        shown = self._hide(text[:4000].decode(errors="replace")).strip()
        return shown if len(shown) <= 300 else shown[:300] + " ..."

    def _hide(self, text: str) -> str:
        """The text without secrets: servers may repeat what they were sent."""
        for value in self._headers.values():
            for secret in {value, value.partition(" ")[2]}:
                if len(secret) > 3 and secret != "identity":
                    text = text.replace(secret, "***")
        return text


def split_address(address: str) -> tuple[str, str | None]:
    """Takes the user name and password out of an address.

    Returns the address without them and without a final slash, and
    "name:password" or None.
    """
    try:
        url = httpx.URL(address)
        fine = url.scheme in ("http", "https") and url.host
    except (httpx.InvalidURL, TypeError):
        fine = False
    if not fine or url.query or url.fragment:
        raise ValueError(
            f"address={without_user(str(address))!r} must look like "
            "'http://localhost:8000/v1', without ? and #. Anything else that "
            "a server needs goes into headers=.")
    path = url.path.rstrip("/").removesuffix("/chat/completions")
    clean = f"{url.scheme}://{url.netloc.decode()}{path}"
    user = f"{url.username}:{url.password}" if url.userinfo else None
    return clean, user


def without_user(address: str) -> str:
    """The address without user name, password and anything from a ? on."""
    return re.sub(r"(?<=//).*@", "", address).partition("?")[0]


def all_headers(api_key, headers, user) -> dict[str, str]:
    """The headers sent with each request. No ValueError holds a secret."""
    headers = dict(headers or {})
    if api_key in KEYS:
        name, api_key = api_key, os.environ.get(api_key)
        if not api_key:
            raise ValueError(f"api_key={name!r}: the environment holds no "
                             f"{name}. Set it, or pass the key itself.")
    has = [name for name in headers if name.lower() == "authorization"]
    if sum(map(bool, (api_key, user, has))) > 1:
        raise ValueError("Give one of api_key=, a name and password in the "
                         "address, and headers={'Authorization': ...}.")
    if has:
        headers["Authorization"] = headers.pop(has[0])
    elif api_key:
        headers["Authorization"] = f"Bearer {api_key}"
    elif user:
        code = base64.b64encode(user.encode()).decode()
        headers["Authorization"] = f"Basic {code}"
    for name, value in headers.items():
        if not (isinstance(value, str) and value.isascii()
                and value.isprintable()):
            raise ValueError(
                f"The header {name!r} (api_key= is sent as 'Authorization') "
                "must be one line of plain ASCII text.")
    return headers
