"""Google Colab's own language model, which needs no key from the user.

A Colab runtime can reach a proxy that speaks OpenAI-compatible chat;
`google.colab.ai` uses the same proxy. Every question goes to Google. Knows
nothing about training.
"""

import inspect
import os

from agentic_lib.models.connection import Connection
from agentic_lib.models.errors import LanguageModelError
from agentic_lib.models.server import QUESTION_OF_TRIAL, ChatServer

# Some of these models think before they write, and their thoughts count
# towards the limit: the usual one would end the reply before its first word.
ROOM = 2048
INSTEAD = "Take model='bundled', which needs no network."


def colab_model() -> ChatServer:
    """The model that `google.colab.ai` uses by default.

    Raises LanguageModelError outside Colab, if Colab gives this notebook no
    key, and if the model does not answer.
    """
    try:
        from google.colab import ai
    except ImportError as error:
        raise LanguageModelError(
            "model='colab' is Google Colab's own language model, but this "
            f"is not a Colab runtime ({error}). {INSTEAD}") from None
    try:
        names = ai.list_models()  # it also sets the key
    except Exception as error:  # Colab's: no key, no network, no permission
        raise LanguageModelError(
            "Colab's own language model cannot be reached: "
            f"google.colab.ai.list_models() raises {type(error).__name__}: "
            f"{error}. It answers only while the notebook is open in Colab. "
            f"{INSTEAD}") from None
    model = ColabModel(Connection(address(), os.environ.get(
        "MODEL_PROXY_API_KEY")), favourite(ai, names))
    model.generate(QUESTION_OF_TRIAL)
    return model


def address() -> str:
    """The proxy's address.

    Until the summer of 2025, a single variable held the whole address.
    """
    host = os.environ.get("MODEL_PROXY_HOST")
    whole = os.environ.get("MODEL_PROXY_BASE_URL")
    if not (host or whole):
        raise LanguageModelError(
            "Colab does not say where its own language model is "
            f"(MODEL_PROXY_HOST is not set). {INSTEAD}")
    return f"{host}/models/openapi" if host else whole


def favourite(ai, names) -> str:
    """Colab's own choice, if this account may use it."""
    chosen = inspect.signature(ai.generate_text).parameters[
        "model_name"].default
    return chosen if chosen in names or not names else names[0]


class ColabModel(ChatServer):
    """A chat server whose replies may begin with thoughts."""

    def generate(self, messages, start="", max_new_tokens=None,
                 **options) -> str:
        return super().generate(messages, start, max_new_tokens or ROOM,
                                **options)
