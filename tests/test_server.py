"""A brain whose model runs behind an address: against `transformers serve`
itself where it is installed, and against small servers for what it lacks."""

import http.server
import importlib.util
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from tiny_model import make_history, tiny_language_model

from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import ACTIONS
from agentic_lib.models.server import (
    ChatServer,
    DecisionServer,
    Server,
    ServerError,
)

NAMES = [action.name for action in ACTIONS]


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


# -- against transformers serve


def has_serving():
    import transformers

    return all(importlib.util.find_spec(name) for name in (
        "fastapi", "uvicorn", "openai")) and hasattr(
            transformers, "DecisionPipeline")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """(address, the brain that was saved and is served)."""
    if not has_serving():
        pytest.skip("needs transformers 5.23 or newer with the extra "
                    "'serving': pip install transformers[serving]")
    folder = tmp_path_factory.mktemp("served")
    brain = SimpleAIBrain(tiny_language_model(), mode="score", quiet=True,
                          both_orders=False)
    brain.save(folder)
    port = free_port()
    log = open(folder / "log.txt", "w")
    process = subprocess.Popen(
        [sys.executable, "-c", "from transformers.cli.transformers import "
         "main; main()", "serve", str(folder), "--port", str(port),
         "--host", "127.0.0.1", "--device", "cpu"],
        stdout=log, stderr=log,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"})
    for _ in range(1200):
        try:
            urllib.request.urlopen(
                f"http://127.0.0.1:{port}/health", timeout=5)
            break
        except OSError:
            assert process.poll() is None, (folder / "log.txt").read_text()
            time.sleep(0.1)
    yield f"http://127.0.0.1:{port}/v1", brain
    process.terminate()
    process.wait(timeout=30)
    log.close()


def test_a_served_decision_has_the_probabilities_of_the_local_one(served):
    address, local = served
    brain = SimpleAIBrain(address, explain=False, both_orders=False)
    assert brain.mode == "score" and "typed decisions" in brain.description
    for n in (1, 7, 30):
        found = brain.analyze_training(make_history(n))
        expected = local.probabilities([make_history(n)])[0]
        assert found.source == "model" and found.note is None
        assert found.probabilities == pytest.approx(expected, abs=1e-4)


def test_served_chat_is_read_by_the_parser_with_the_rules_behind(served):
    brain = SimpleAIBrain(served[0], mode="generate", quiet=True)
    decision = brain.analyze_training(make_history())
    assert decision.action in NAMES
    assert decision.reply is not None  # the server did write


def test_a_served_decision_comes_with_a_written_reason(served):
    decision = SimpleAIBrain(served[0], quiet=True).analyze_training(
        make_history())
    assert decision.source == "model"
    assert decision.reply.startswith(decision.action + ":")


def test_ten_ask_at_once(served):
    brains = [SimpleAIBrain(served[0], explain=False, quiet=True)
              for _ in range(10)]

    def ask(brain):
        return [brain.analyze_training(make_history(n)) for n in (3, 8)]

    with ThreadPoolExecutor(10) as pool:
        found = [d for ds in pool.map(ask, brains) for d in ds]
    assert all(d.source == "model" and d.action in NAMES for d in found)
    late = statistics.quantiles([d.seconds for d in found], n=20)[-1]
    print(f"\n10 askers: 95th percentile {late * 1e3:.0f} ms")


# -- against small servers


class Stub(http.server.ThreadingHTTPServer):
    """Answers each path with what a list holds for it, the last one for
    good: (status, JSON), or seconds to keep silent."""

    daemon_threads = True

    def __init__(self, **answers):
        super().__init__(("127.0.0.1", 0), StubHandler)
        self.answers = {"/v1/" + name.replace("__", "/"): list(given)
                        for name, given in answers.items()}
        self.asked = []
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server_address[1]}/v1"


class StubHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or "null")
        self.server.asked.append((self.path, body))
        given = self.server.answers.get(self.path, [(404, {})])
        answer = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(answer, float):
            time.sleep(answer)
            answer = (200, {})
        data = json.dumps(answer[1]).encode()
        self.send_response(answer[0])
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def reply(text):
    return 200, {"choices": [{"message": {"content": text}}]}


MODELS = 200, {"data": [{"id": "qwen3:0.6b"}, {"id": "other"}]}


@pytest.fixture
def stub():
    made = []

    def make(**answers):
        made.append(Stub(**answers))
        return made[-1]

    yield make
    for server in made:
        server.shutdown()
        server.server_close()


def test_a_chat_server_is_asked_with_the_same_prompt(stub):
    server = stub(models=[MODELS], chat__completions=[
        reply("reduce_learning_rate: The loss jumps."), reply("Bananas.")])
    brain = SimpleAIBrain(server.address)
    assert brain.mode == "generate" and "qwen3:0.6b" in brain.description
    first = brain.analyze_training(make_history())
    second = brain.analyze_training(make_history())
    assert first.action == "reduce_learning_rate"
    assert first.source == "model"
    assert second.source == "fallback" and second.reply == "Bananas."
    body = server.asked[-1][1]
    assert body["model"] == "qwen3:0.6b" and body["temperature"] == 0
    assert body["messages"] == brain.prompt.messages(make_history())
    with pytest.raises(ValueError, match="no probabilities"):
        SimpleAIBrain(server.address, mode="score", quiet=True)


def test_fields_that_a_server_refuses_are_left_out(stub):
    server = stub(models=[MODELS], chat__completions=[
        (422, {"detail": "Unexpected fields"}), reply("continue: fine")])
    found = Server(server.address).generate([{"role": "user", "content": "?"}])
    assert found == "continue: fine"
    assert "chat_template_kwargs" in server.asked[-2][1]
    assert "chat_template_kwargs" not in server.asked[-1][1]


def test_a_forced_beginning_begins_the_reply(stub):
    server = stub(chat__completions=[
        reply("continue: It rises."), reply("It rises.")])
    chat = ChatServer(server.address)
    for _ in range(2):
        found = chat.generate([{"role": "user", "content": "?"}],
                              start="continue:")
        assert found == "continue: It rises."


def test_a_decision_server_that_wants_a_name_gets_it(stub):
    answer = 200, {"answers": {"action": {"probabilities": {
        "yes": 0.75, "no": 0.25, "continue": 1.0, "stop_training": 0.0}}}}
    server = stub(models=[MODELS], systemone=[(422, {}), answer])
    found = Server(server.address)
    assert isinstance(found, DecisionServer) and found.name == "qwen3:0.6b"
    scores = found.score([{"role": "user", "content": "?"}],
                         {"continue": "go on", "stop_training": "end"})
    assert scores["continue"] == 0 and scores["stop_training"] < -20
    question = server.asked[-1][1]["questions"]["action"]
    assert question["criteria"] == {"continue": "go on",
                                    "stop_training": "end"}


def test_a_busy_server_is_asked_again(stub):
    server = stub(chat__completions=[
        (503, {}), (429, {}), reply("continue: fine")])
    found = ChatServer(server.address).generate(
        [{"role": "user", "content": "?"}])
    assert found == "continue: fine" and len(server.asked) == 3


def test_retries_are_limited_and_a_fault_is_not_asked_again(stub):
    server = stub(chat__completions=[(503, {})])
    with pytest.raises(ServerError, match="503"):
        ChatServer(server.address, retries=1).generate([
            {"role": "user", "content": "?"}])
    assert len(server.asked) == 2
    server = stub(chat__completions=[(500, {"error": "a bug"})])
    with pytest.raises(ServerError, match="a bug"):
        ChatServer(server.address).generate([
            {"role": "user", "content": "?"}])
    assert len(server.asked) == 1


def test_a_server_that_keeps_silent_is_left_after_a_while(stub):
    server = stub(chat__completions=[5.0])
    chat = ChatServer(server.address, timeout=0.2, retries=0)
    brain = SimpleAIBrain(chat, quiet=True)
    decision = brain.analyze_training(make_history())
    assert decision.source == "fallback" and "timed out" in decision.note


@pytest.mark.parametrize("answer", [
    (200, {}), (200, {"choices": []}), (200, []), (200, "x"),
    (200, {"choices": [{"message": {"content": None}}]}),
])
def test_answers_of_another_shape_become_the_rules_decision(stub, answer):
    server = stub(models=[MODELS], chat__completions=[answer])
    brain = SimpleAIBrain(server.address, quiet=True)
    decision = brain.analyze_training(make_history())
    assert decision.source == "fallback" and decision.note


def test_no_server_there_is_told_at_once():
    address = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(ServerError, match="Is the server running"):
        Server(address, retries=0)
