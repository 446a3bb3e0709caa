"""Google Colab's own language model, which needs no key from the user.

A Colab runtime holds the address and the key of a proxy that speaks
OpenAI-compatible chat; `google.colab.ai` asks the same one. Every question
goes to Google.
"""

import os

from agentic_lib.models.connection import Connection
from agentic_lib.models.errors import LanguageModelError
from agentic_lib.models.server import ChatServer, Server

PREFERRED = "google/gemini-2.5-flash"


def colab_model() -> ChatServer:
    """The model of this Colab runtime.

    Raises LanguageModelError outside Colab, and if Colab has not yet set
    its key.
    """
    address = os.environ.get("MODEL_PROXY_BASE_URL")
    key = os.environ.get("MODEL_PROXY_API_KEY")
    if not address:
        raise LanguageModelError(
            "model='colab' is Google Colab's own language model, but this is "
            "not a Colab runtime (MODEL_PROXY_BASE_URL is not set). Take "
            "model='bundled', or a server's address.")
    if not key:
        raise LanguageModelError(
            "Colab has not set the key of its language model yet. Run\n"
            "    from google.colab import ai; ai.generate_text('Hello')\n"
            "once in a cell, then try again.")
    chat = ChatServer(Connection(address, api_key=key))
    names = chat.models()
    model = PREFERRED if PREFERRED in names or not names else names[0]
    return Server(address, model=model, api_key=key)
