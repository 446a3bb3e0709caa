"""A stand-in for a Colab runtime: the module `google.colab`, and behind it a
real server on loopback whose chat the bundled brain answers.

It has what today's Colab has: the address in MODEL_PROXY_HOST, the key only
after `ai.list_models()` has asked Colab's page for it, models under /models
and chat under /models/openapi.
"""

import contextlib
import http.server
import json
import os
import sys
import threading
import types
import urllib.request

from agentic_lib.models.language_model import LanguageModel
from agentic_lib.models.which import BUNDLED

KEY = "a-key-that-nobody-typed"
MODELS = ["google/gemma-small", "google/flash", "google/pro"]


class Proxy(http.server.ThreadingHTTPServer):
    """Lists models, and answers chat with the bundled brain's replies."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.brain, self.asked = LanguageModel.load(BUNDLED), []
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        self.say({"data": [{"id": name} for name in MODELS]},
                 here=self.path == "/models")

    def do_POST(self):
        body = json.loads(self.rfile.read(
            int(self.headers["Content-Length"])))
        self.server.asked.append(body)
        text = self.server.brain.generate(body["messages"])
        self.say({"choices": [{"message": {"content": text}}]},
                 here=self.path == "/models/openapi/chat/completions")

    def say(self, found, here):
        allowed = self.headers["Authorization"] == f"Bearer {KEY}"
        data = json.dumps(found if here and allowed else {}).encode()
        self.send_response(200 if here and allowed else
                           404 if allowed else 401)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def make_ai(allowed=True, default="google/flash"):
    """What `from google.colab import ai` gives."""
    ai = types.ModuleType("google.colab.ai")

    def list_models():
        if not allowed:
            raise TimeoutError("Requesting secret MODEL_PROXY_API_KEY timed "
                               "out.")
        os.environ["MODEL_PROXY_API_KEY"] = KEY
        request = urllib.request.Request(
            os.environ["MODEL_PROXY_HOST"] + "/models",
            headers={"Authorization": f"Bearer {KEY}"})
        with urllib.request.urlopen(request) as answer:
            return [each["id"] for each in json.load(answer)["data"]]

    def generate_text(prompt, model_name=default, stream=False):
        raise NotImplementedError

    ai.list_models, ai.generate_text = list_models, generate_text
    return ai


@contextlib.contextmanager
def fake_colab(monkeypatch, **how):
    """This process is a Colab runtime; gives its proxy."""
    proxy = Proxy()
    threading.Thread(target=proxy.serve_forever, args=[0.02],
                     daemon=True).start()
    module = types.ModuleType("google.colab")
    module.ai = make_ai(**how)
    monkeypatch.setitem(sys.modules, "google.colab", module)
    monkeypatch.setenv("MODEL_PROXY_HOST", proxy.address)
    monkeypatch.setenv("MODEL_PROXY_API_KEY", "")  # gone again at the end
    monkeypatch.delenv("MODEL_PROXY_API_KEY")
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
