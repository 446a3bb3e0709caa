"""A language model on a server, used as if it were on this machine.

One GPU serves a whole class. Speaks /v1/systemone with servers that have it
(`transformers serve`, vLLM, llama.cpp, Ollama, SGLang), which gives a
probability for every option; with others it speaks OpenAI-compatible chat.
Knows nothing about training.
"""

import json
import math
import re
from pathlib import Path

from agentic_lib.models.connection import (
    NO_ENTRY,
    NO_SUCH_PAGE,
    Connection,
    ServerError,
)
from agentic_lib.models.systemone import QUESTION, decision_request
from agentic_lib.models.taught import Taught, read_taught

LEAST = 1e-45  # smallest float32: a probability of 0 has no logarithm
QUESTION_OF_TRIAL = [{"role": "system", "content": "Answer in one word."},
                     {"role": "user", "content": "Ready?"}]


def Server(address: str, options=("yes", "no"), also=(),
           model: str | None = None, **connection):
    """A DecisionServer if the address has /systemone, else a ChatServer.

    The address is tried, with and without /v1.
    address     such as "http://localhost:8000/v1"
    options     names that will be asked about; `also`: more names that a
                saved brain may know
    model       the server's name for the model; None takes the server's first
    connection  api_key, headers, timeout, retries: see Connection
    Raises ServerError, which says why, if nothing there can be asked.
    """
    first = Connection(address, **connection)
    bare = first.address.removesuffix("/v1")
    other = bare if bare != first.address else bare + "/v1"
    said = []
    for tried in (first.address, other):
        chat = ChatServer(first.at(tried), model)
        try:
            return find_speech(chat, options, also)
        except ServerError as error:
            if error.status not in NO_SUCH_PAGE:
                raise
            said.append(f"\n- {error}")
    raise ServerError(
        f"Neither {first.address} nor {other} is the address of a language "
        f"model's server:{''.join(said)}", 404)


def find_speech(chat: "ChatServer", options, also):
    """A DecisionServer if possible, else `chat`. Asks some small questions."""
    chat.model = chat.model or next(iter(chat.models()), None)
    server = DecisionServer(chat.link, chat.model)
    refused = None
    for names in dict.fromkeys([tuple(sorted(set(options))),
                                tuple(sorted({*options, *also}))]):
        try:
            server.learn_order(list(names))
            server.try_chat()
            return server
        except ServerError as error:
            if error.passing or error.status in NO_ENTRY:
                raise
            refused = error
            if error.status in NO_SUCH_PAGE:
                break
    chat.generate(QUESTION_OF_TRIAL, max_new_tokens=16)
    if refused.status not in NO_SUCH_PAGE:
        chat.ability = f"chat, since no typed decisions: {refused}"
    return chat


class ChatServer:
    """Writes replies. Has the methods of a LanguageModel, as far as possible.

    link   a Connection
    model  the server's name for the model
    """

    default_mode = "generate"
    ability = "chat"
    order = None  # the names in the order of the server's labels, if fixed

    def __init__(self, link: Connection, model: str | None = None):
        self.link, self.model = link, model
        self._plain = 0  # how many extras of a request this server refuses

    @property
    def name(self) -> str:
        return self.model or "the server's model"

    @property
    def description(self) -> str:
        """Which model, where, and how it is asked."""
        return f"{self.name} at {self.link.address}, {self.ability}"

    def __repr__(self):
        return f"<{type(self).__name__} {self.description}>"

    @property
    def taught(self) -> Taught:
        """What brain.json says about the limits of the model, if known.

        It can be known only if the server is on this machine and its name for
        the model is a folder.
        """
        if not (self.link.is_here and self.model):
            return Taught()
        taught = read_taught(Path(self.model))
        return Taught(actions=taught.actions, lines=taught.lines,
                      most=taught.most)

    def generate(self, messages, start="", max_new_tokens=None,
                 max_seconds=None, thinking=False, sample=False, seed=0,
                 on_text=None, until=None) -> str:
        """The reply.

        A forced beginning is requested in words, since not every server can
        force one. A saved brain gets no such request: it was taught other
        words, and writes as it does. A reply that begins with another name
        gives no reason for this one: then `start` alone is returned.

        on_text  gets each piece as it is written; only with it does
                 `until(reply)` end the reply
        """
        if start and self.order is None:
            *before, last = messages
            messages = [*before, {**last, "content": (
                f"{last['content']}\nBegin your answer with {start!r}.")}]
        body = {
            "messages": messages, "seed": seed,
            "max_tokens": max_new_tokens or (2048 if thinking else 64),
            "temperature": 0.7 if sample else 0.0,
            "chat_template_kwargs": {"enable_thinking": bool(thinking)},
        }
        reply = self._chat(body, on_text, until)
        if not start or reply.lstrip().startswith(start):
            return reply.lstrip() if start else reply
        begins_otherwise = re.match(r"\W*\w+:", reply)
        return start if begins_otherwise else f"{start} {reply}"

    def _chat(self, body, on_text, until) -> str:
        """Sends `body` with all extras, and with fewer if they are refused."""
        limit = {"max_completion_tokens": body["max_tokens"]}
        forms = [
            body,
            {k: v for k, v in body.items() if k != "chat_template_kwargs"},
            {"messages": body["messages"], **limit},
        ]
        while True:
            try:
                return self._reply(forms[self._plain], on_text, until)
            except ServerError as error:
                last = self._plain == len(forms) - 1
                if last or error.status not in (400, 422):
                    raise
            self._plain += 1  # remembered: what was refused is not sent again

    def _reply(self, body, on_text, until) -> str:
        path, body = "/chat/completions", self._named(body)
        if on_text is None:
            return self._content(self.link.ask(path, body), "message")
        reply, whole = "", b""
        for line in self.link.stream(path, {**body, "stream": True}):
            field, _, data = line.partition(b":")
            if field != b"data":  # a comment, or a server that cannot stream
                whole += line
                continue
            if data.strip() == b"[DONE]":
                break
            piece = self._content(as_json(data), "delta")
            if piece:
                reply += piece
                on_text(piece)
            if until is not None and until(reply):
                break
        if whole.strip() and not reply:
            reply = self._content(as_json(whole), "message")
            on_text(reply)
        return reply

    def _content(self, answer, part) -> str:
        """The text of the first choice.

        Some streams end with an empty list of choices.
        """
        try:
            choices = answer["choices"]
            if part == "delta" and not choices:
                return ""
            return choices[0][part].get("content") or ""
        except (KeyError, IndexError, TypeError, AttributeError):
            shown = self.link.excerpt(json.dumps(answer).encode())
            raise ServerError(
                f"{self.link.address}/chat/completions answers 200, but not "
                f"as a chat server does, with choices[0].{part}.content: "
                f"{shown}", 200) from None

    def models(self) -> list[str]:
        """The server's names for its models, [] if it lists none."""
        try:
            return [each["id"] for each in self.link.ask("/models")["data"]]
        except ServerError as error:
            if error.passing or error.status in NO_ENTRY:
                raise
        except (KeyError, TypeError):
            pass
        return []

    def _named(self, body) -> dict:
        return {"model": self.model, **body} if self.model else body


class DecisionServer(ChatServer):
    """Scores options through /v1/systemone, and writes through chat."""

    default_mode = "score"
    writes = True

    @property
    def ability(self) -> str:
        if self.order is None:
            return "typed decisions, in the server's own prompt"
        limits = "" if self.taught.lines else (
            ", whose limits are not known here (so it is asked about "
            "everything)")
        return f"typed decisions of a saved brain{limits}"

    def learn_order(self, names: list[str]):
        """Finds out if this server needs the names in one fixed order.

        Asks about the names, then about one more. A saved brain, whose labels
        belong to its names, refuses the extra name. A server that labels the
        options A, B, C itself accepts it, and may be asked in any order.
        """
        self.order = names
        self.score(QUESTION_OF_TRIAL, names)
        self.order = None
        try:
            self.score(QUESTION_OF_TRIAL, [*names, "none_of_these"])
        except ServerError as error:
            if error.passing:
                raise
            self.order = names

    def try_chat(self):
        """Finds out if this server writes too: not all of them do."""
        try:
            super().generate(QUESTION_OF_TRIAL, max_new_tokens=16)
        except ServerError as error:
            if error.passing:
                raise
            self.writes = False

    def generate(self, messages, start="", **options) -> str:
        """As ChatServer does, but a reason that fails is left out.

        `start` alone is then returned, since the decision is already made.
        """
        if start and not self.writes:
            return start
        try:
            return super().generate(messages, start, **options)
        except ServerError:
            if not start:
                raise
            return start

    def score(self, messages, options) -> dict[str, float]:
        """{option: log-probability}.

        options  {name: meaning}, or the names alone
        """
        if not isinstance(options, dict):
            options = dict.fromkeys(options)
        missing = sorted(set(options) - set(self.order or options))
        if missing:
            raise ServerError(
                f"{self.name} was saved for {', '.join(self.order)} and "
                f"cannot be asked about {', '.join(missing)}.")
        answer = self.link.ask("/systemone", self._named(decision_request(
            messages, options, self.order or list(options))))
        try:
            found = answer["answers"][QUESTION]["probabilities"]
            found = {name: float(found[name]) for name in options}
            if not all(0 <= p <= 1.0001 for p in found.values()):
                raise ValueError
        except (KeyError, TypeError, ValueError):
            shown = self.link.excerpt(json.dumps(answer).encode())
            raise ServerError(
                f"{self.link.address}/systemone answers 200, but without a "
                f"probability for each option: {shown}", 200) from None
        return {name: math.log(max(p, LEAST)) for name, p in found.items()}

    def score_many(self, list_of_messages, options) -> list[dict]:
        return [self.score(messages, options)
                for messages in list_of_messages]


def as_json(data: bytes):
    """The JSON, or the text itself if it is not JSON."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data.decode(errors="replace")
