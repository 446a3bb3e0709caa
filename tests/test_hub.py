"""Loading from the hub when all is well, and when it is not.

The real huggingface_hub client, in a process of its own, against a small
server on loopback that holds a tiny Qwen3 repository and can misbehave.
"""

import hashlib
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch
from tiny_model import save_tiny_model

from agentic_lib.models.errors import LanguageModelError
from agentic_lib.models.language_model import LanguageModel
from agentic_lib.models.loading import QWEN, QWEN_REVISION, advice

ROOT = Path(__file__).parent.parent
REPO = "someone/tiny-qwen3"
COMMIT = "0123456789abcdef0123456789abcdef01234567"

# Reads one JSON task a line, answers one JSON line.
CHILD = """
import json, resource, sys
import huggingface_hub.constants
huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE = 8192  # the model is tiny
from agentic_lib.models import loading
for line in sys.stdin:
    task = json.loads(line)
    limit = task.pop("file_limit", None)
    loading.WAITS = tuple(task.pop("waits", ()))
    brain = task.pop("brain", False)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, usual[1]))
    try:
        if task.pop("fetch_only", False):
            found = str(loading.find_folder(**task))
        elif brain:
            from agentic_lib.brain.brain import SimpleAIBrain
            found = SimpleAIBrain(quiet=True, **task).description
        else:
            from agentic_lib.models.language_model import LanguageModel
            found = LanguageModel.load(device="cpu", **task).description
        answer = {"found": found}
    except Exception as error:
        answer = {"error": type(error).__name__, "told": str(error)}
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    print("ANSWER " + json.dumps(answer), flush=True)
"""


class Hub(http.server.ThreadingHTTPServer):
    """The hub's few addresses that a download needs."""

    daemon_threads = True

    def __init__(self, files, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.files, self.log = files, []
        self.status, self.times, self.cut = None, 10 ** 9, None
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        hub, path = self.server, self.path.split("?")[0]
        hub.log.append((self.command, path, self.headers.get("Range"),
                        self.headers.get("Authorization")))
        if hub.status and hub.times > 0:
            hub.times -= 1
            return self.answer(hub.status, b"{}")
        for prefix in (f"/api/models/{REPO}", f"/api/models/{QWEN}"):
            if path == prefix or path.startswith(prefix + "/revision/"):
                return self.answer(200, self.listing())
            if path.startswith(prefix + "/tree/"):
                return self.answer(200, self.tree())
        parts = path.split("/")
        if len(parts) > 5 and parts[3] == "resolve":
            name = "/".join(parts[5:])
            if name in hub.files and "/".join(parts[1:3]) in (REPO, QWEN):
                return self.file(name)
        self.answer(404, b'{"error": "not found"}',
                    {"X-Error-Code": "RepoNotFound"})

    def listing(self):
        return json.dumps({
            "id": REPO, "modelId": REPO, "sha": self.commit(), "private":
            False, "tags": [], "downloads": 0, "likes": 0,
            "siblings": [{"rfilename": name} for name in self.server.files],
        }).encode()

    def commit(self):
        return QWEN_REVISION if QWEN in self.path else COMMIT

    def tree(self):
        return json.dumps([{
            "type": "file", "path": name, "size": len(data),
            "oid": hashlib.sha1(data).hexdigest(),
        } for name, data in self.server.files.items()]).encode()

    def file(self, name):
        data, first = self.server.files[name], 0
        wanted = self.headers.get("Range")
        headers = {
            "ETag": f'"{hashlib.sha1(data).hexdigest()}"',
            "X-Repo-Commit": self.commit(), "Accept-Ranges": "bytes"}
        if wanted and self.command == "GET":
            first = int(wanted.removeprefix("bytes=").split("-")[0])
            headers["Content-Range"] = \
                f"bytes {first}-{len(data) - 1}/{len(data)}"
        cut = self.server.cut
        if cut and self.server.cuts and self.command == "GET" \
                and name == "model.safetensors":
            self.server.cuts -= 1
            return self.answer(206 if first else 200, data[first:cut],
                               headers, length=len(data) - first)
        self.answer(206 if first else 200, data[first:], headers)

    def answer(self, status, data, headers=None, length=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length or len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)


class Client:
    """A process with the real client, its endpoint set to our server."""

    def __init__(self, endpoint, cache):
        environment = {name: value for name, value in os.environ.items()
                       if not name.startswith(("HF_", "AGENTIC_LIB"))}
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment, "HF_ENDPOINT": endpoint, "HF_HOME":
                 str(cache), "HF_HUB_DISABLE_PROGRESS_BARS": "1",
                 "HF_HUB_DISABLE_XET": "1", "OMP_NUM_THREADS": "1",
                 "NO_PROXY": "127.0.0.1"})

    def __call__(self, **task):
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("ANSWER "):
                return json.loads(line.removeprefix("ANSWER "))
        raise RuntimeError(self.process.stderr.read())

    def close(self):
        self.process.stdin.close()
        errors = self.process.stderr.read()
        self.process.wait(timeout=600)
        return errors


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = save_tiny_model(tmp_path_factory.mktemp("tiny"))
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    # What must not be fetched.
    return {**found, "pytorch_model.bin": b"pickled", "run_me.py": b"1 / 0",
            "onnx/model.onnx": b"other"}


@pytest.fixture(scope="module")
def hub(files):
    hub = Hub(files)
    yield hub
    hub.shutdown()


@pytest.fixture(scope="module")
def client(hub, tmp_path_factory):
    client = Client(f"http://127.0.0.1:{hub.port}",
                    tmp_path_factory.mktemp("cache"))
    yield client
    # Nothing was ever said about tokens or logins.
    assert "token" not in client.close().lower()


@pytest.fixture(autouse=True)
def well(hub):
    hub.status, hub.times, hub.cut = None, 10 ** 9, None
    hub.log.clear()


# The tests are in the order in which the cache fills.

def told(answer, *words):
    assert answer.get("error") == "LanguageModelError", answer
    for word in words:
        assert word in answer["told"], answer["told"]


@pytest.mark.parametrize("status, words", [
    (401, ("401", "HF_TOKEN")), (403, ("403", "terms")),
    (404, ("404", "Check the name")), (429, ("429", "Wait")),
    (500, ("500", "Try again")), (503, ("503", "Try again")),
])
def test_what_the_hub_refuses_is_told(client, hub, status, words):
    hub.status = status
    told(client(model=REPO), REPO, *words)


def test_a_model_that_does_not_exist(client):
    told(client(model="someone/not-there"), "someone/not-there", "(40")
    told(client(model="not a name at all!"), "neither a folder")


def test_what_is_not_here_is_not_fetched_where_that_is_forbidden(client, hub):
    told(client(model=REPO, local_files_only=True), "local_files_only")
    assert hub.log == []


def test_a_full_disk(client):
    told(client(model=REPO, file_limit=20_000), "disk is full", "HF_HOME")


def test_a_download_that_breaks_off_for_good_is_told(client, hub):
    hub.cut, hub.cuts = 30_000, 10 ** 9
    told(client(model=REPO), "broke off", "Try again")


def test_a_download_that_breaks_off_goes_on_where_it_stopped(client, hub):
    hub.cut, hub.cuts = 30_000, 2
    assert REPO in client(model=REPO)["found"]
    wanted = [wanted for command, path, wanted, _ in hub.log
              if path.endswith("model.safetensors") and command == "GET"]
    assert len(wanted) == 3 and wanted[0] is None
    for again in wanted[1:]:
        start = int(again.removeprefix("bytes=").split("-")[0])
        assert 0 < start <= 30_000


def test_then_it_is_here_and_only_what_is_needed_was_fetched(client, hub):
    answer = client(model=REPO, local_files_only=True)
    assert REPO in answer["found"] and hub.log == []
    assert REPO in client(model=REPO)["found"]
    fetched = {path.split("/")[-1] for _, path, _, _ in hub.log}
    assert not fetched & {"pytorch_model.bin", "run_me.py", "model.onnx"}
    assert not any(token for *_, token in hub.log)


@pytest.mark.parametrize("status", [401, 429, 503])
def test_what_is_here_answers_where_the_hub_does_not(client, hub, status):
    hub.status = status
    assert REPO in client(model=REPO)["found"]


def test_a_busy_hub_is_asked_again(client, hub):
    hub.status, hub.times = 503, 2
    assert QWEN in client(model=QWEN, waits=[0.01, 0.01])["found"]
    assert sum(path.startswith("/api") for _, path, *_ in hub.log) >= 3


def test_qwen_is_pinned_and_once_here_needs_no_network(client, hub):
    assert "found" in client(model=QWEN)
    assert hub.log == []  # a commit never changes
    assert "found" in client(brain=True, model="qwen")
    assert hub.log == []
    told(client(model=QWEN, revision="f" * 40, local_files_only=True),
         "f" * 40)


def test_without_a_network(client, hub, files):
    hub.shutdown()
    hub.server_close()
    try:
        told(client(model="someone/other"), "no connection", "bundled")
        told(client(brain=True, model="someone/other"), "no connection")
        assert REPO in client(model=REPO)["found"]
        assert "found" in client(brain=True, model="auto")
    finally:
        again = Hub(files, hub.port)
    again.shutdown()


def test_a_proxy_that_mangles_tls(files, tmp_path):
    hub = Hub(files)  # speaks plain HTTP where TLS is expected
    client = Client(f"https://127.0.0.1:{hub.port}", tmp_path)
    told(client(model=REPO, fetch_only=True), "TLS", "proxy", "SSL_CERT_FILE")
    client.close()
    hub.shutdown()


def test_a_tls_connection_that_breaks_off_is_the_networks_fault(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        def hang_up():
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:  # the server was closed
                    return
                with connection:
                    connection.recv(65536)

        threading.Thread(target=hang_up, daemon=True).start()
        port = server.getsockname()[1]
        client = Client(f"https://127.0.0.1:{port}", tmp_path)
        answer = client(model=REPO, fetch_only=True)
        told(answer, "TLS", "broke off", "fault of the network", "bundled")
        assert "SSL_CERT_FILE" not in answer["told"]
        client.close()


@pytest.mark.parametrize("name", ["hassler/empty", "ssl files"])
def test_a_folder_without_a_config_is_told_so(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir(parents=True)
    with pytest.raises(LanguageModelError, match="config.json") as error:
        LanguageModel.load(folder)
    assert str(folder) in str(error.value)
    for wrong in ("TLS", "architecture", "transformers"):
        assert wrong not in str(error.value)


@pytest.mark.parametrize("name", [
    "hassler", "ssl", "ssl files", "offline certificate", "out of memory"])
def test_a_folders_name_says_nothing_about_an_error(tmp_path, name):
    whole = save_tiny_model(tmp_path / name)
    (whole / "model.safetensors").unlink()
    with pytest.raises(LanguageModelError, match="damaged or missing"):
        LanguageModel.load(whole)
    (whole / "config.json").write_text('{"model_type": "no_such_model"}')
    with pytest.raises(LanguageModelError, match="model's architecture"):
        LanguageModel.load(whole)


@pytest.mark.parametrize("error, words", [
    (OSError("no lessl in /home/hassler/x"), "no lessl"),
    (ConnectionError("a cache in C:\\ssl\\hub"), "no connection"),
    (OSError("I/O error: Disk quota (os error 122)"), "os error 122"),
    (OSError("Cannot map the file (os error 12)"), "not enough memory"),
])
def test_what_an_error_says_is_read_word_by_word(error, words):
    assert words in advice(error)


def test_auto_on_a_gpu_falls_to_what_ships_and_says_why(monkeypatch):
    from agentic_lib.models import language_model
    from agentic_lib.models import which as which_brain
    from agentic_lib.models.errors import LanguageModelError

    def fail(*args, **options):
        raise LanguageModelError("Qwen could not be fetched: no connection")

    monkeypatch.delenv("AGENTIC_LIB_BRAIN", raising=False)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    load = language_model.LanguageModel.load
    monkeypatch.setattr(
        language_model.LanguageModel, "load",
        lambda model, **options: fail() if model == QWEN
        else load(model, **options))
    _, _, why = which_brain.find_model("auto")
    assert "could not be fetched: no connection" in why


def test_too_little_memory_is_told():
    try:
        torch.empty(1 << 60)
    except RuntimeError as error:
        assert "not enough memory" in advice(error)
    assert "not enough memory" in advice(MemoryError())
    assert "not enough memory" in advice(
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"))
