"""A language model behind an address, asked as if it were here.

One GPU for a whole class. Speaks /v1/systemone where the server has it
(`transformers serve`): a probability for every option. Else OpenAI-compatible
chat (vLLM, Ollama and others). Uses the standard library alone.
"""

import json
import math
import time
import urllib.error
import urllib.request

from agentic_lib.models.errors import LanguageModelError
from agentic_lib.models.systemone import (
    QUESTION,
    decision_request,
)

LEAST = 1e-12  # a probability of 0 has no logarithm


class ServerError(LanguageModelError):
    """A server does not answer, or not as it should."""

    def __init__(self, message, status=None):
        super().__init__(message)
        self.status = status


def Server(address, model=None, timeout=60, retries=2):
    """A DecisionServer where there is /systemone, else a ChatServer.

    address  such as "http://localhost:8000/v1"
    model    the server's name for the model; None takes its first one
    timeout  seconds for one request; retries: how often it is sent again
    Raises ServerError where nothing answers.
    """
    server = DecisionServer(address, model, timeout, retries)
    try:
        server.score([{"role": "user", "content": "Ready?"}], ["yes", "no"])
    except ServerError as error:
        if error.status is None:
            raise
        if error.status in (400, 422) and model is None:  # it wants a name
            return Server(address, server.first_model(), timeout, retries)
        server = ChatServer(address, model or server.first_model(), timeout,
                            retries)
    return server


class ChatServer:
    """Writes replies. The same methods as a LanguageModel, as far as it goes.
    """

    default_mode = "generate"
    ability = "chat"

    def __init__(self, address, model=None, timeout=60, retries=2):
        self.address = address.rstrip("/")
        self.model, self.timeout, self.retries = model, timeout, retries

    @property
    def name(self) -> str:
        return self.model or "the server's model"

    @property
    def description(self) -> str:
        return f"{self.name} at {self.address}, {self.ability}"

    def generate(self, messages, start="", max_new_tokens=None,
                 max_seconds=None, thinking=False, sample=False, seed=0,
                 on_text=None, until=None) -> str:
        """The reply. A forced beginning is asked for in words, since not
        every server can be made to begin with it."""
        if start:
            *before, last = messages
            messages = [*before, {**last, "content": (
                f"{last['content']}\nBegin your answer with {start!r}.")}]
        body = {
            "messages": messages, "seed": seed,
            "max_tokens": max_new_tokens or (2048 if thinking else 64),
            "temperature": 0.7 if sample else 0.0,
            "chat_template_kwargs": {"enable_thinking": bool(thinking)},
        }
        try:
            answer = self.send("/chat/completions", body)
        except ServerError as error:
            if error.status not in (400, 422):
                raise
            body.pop("chat_template_kwargs")  # not every server knows it
            answer = self.send("/chat/completions", body)
        reply = answer["choices"][0]["message"].get("content") or ""
        if start and not reply.lstrip().startswith(start):
            reply = f"{start} {reply}"
        if on_text is not None:
            on_text(reply)
        return reply

    def first_model(self) -> str | None:
        """The server's name for its first model, None if it tells none."""
        try:
            models = self.send("/models")["data"]
        except (ServerError, KeyError):
            return None
        return models[0]["id"] if models else None

    def send(self, path, body=None) -> dict:
        """POSTs `body` as JSON (GET without one), again after a while where
        the server is busy or away. Raises ServerError."""
        if body is not None and self.model:
            body = {"model": self.model, **body}
        for left in range(self.retries, -1, -1):
            try:
                return self.send_once(path, body)
            except ServerError as error:
                busy = error.status is None or error.status in (429, 502, 503)
                if not (busy and left):
                    raise
            time.sleep(0.5 * 2 ** (self.retries - left))

    def send_once(self, path, body):
        request = urllib.request.Request(
            self.address + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(
                    request, timeout=self.timeout) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read(300).decode(errors="replace")
            raise ServerError(f"{self.address}{path} answers {error.code}: "
                              f"{text}", error.code) from error
        except (OSError, ValueError) as error:
            raise ServerError(
                f"{self.address}{path} cannot be asked: {error}. Is the "
                "server running, and is the address right?") from error


class DecisionServer(ChatServer):
    """Scores options through /v1/systemone, and writes through chat."""

    default_mode = "score"
    ability = "typed decisions"

    def score(self, messages, options) -> dict[str, float]:
        """{option: log-probability}; options {name: meaning} or names."""
        if not isinstance(options, dict):
            options = dict.fromkeys(options)
        answer = self.send(
            "/systemone", decision_request(messages, options))
        found = answer["answers"][QUESTION]["probabilities"]
        return {name: math.log(max(found[name], LEAST)) for name in options}

    def score_many(self, list_of_messages, options) -> list[dict]:
        return [self.score(messages, options)
                for messages in list_of_messages]
