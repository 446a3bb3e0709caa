"""A brain whose model runs behind an address: against `transformers serve`
itself if it is installed, and against small servers for what it lacks."""

import base64
import contextlib
import copy
import http.server
import importlib.util
import json
import os
import pickle
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random

import pytest
from tiny_model import make_history, save_tiny_model

from agentic_lib.brain.brain import SimpleAIBrain
from agentic_lib.brain.decision import ACTIONS, Action
from agentic_lib.brain.prompt import Prompt
from agentic_lib.models.connection import LARGEST, Connection, ServerError
from agentic_lib.models.server import ChatServer, DecisionServer, Server
from agentic_lib.models.taught import Taught

NAMES = [action.name for action in ACTIONS]
# More of them with AGENTIC_LIB_STATES=500, say.
STATES = int(os.environ.get("AGENTIC_LIB_STATES", 120))


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


@contextlib.contextmanager
def serve(folder):
    """`transformers serve folder`; gives the address once it answers."""
    if not has_serving():
        pytest.skip("needs transformers 5.23 or newer with the extra "
                    "'serving': pip install transformers[serving]")
    port = free_port()
    with open(folder / "log.txt", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from transformers.cli.transformers import "
             "main; main()", "serve", str(folder), "--port", str(port),
             "--host", "127.0.0.1", "--device", "cpu"],
            stdout=log, stderr=log,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"})
        try:
            for _ in range(6000):  # ten minutes and more
                try:
                    urllib.request.urlopen(
                        f"http://127.0.0.1:{port}/health", timeout=60)
                    break
                except OSError:
                    assert process.poll() is None, (
                        folder / "log.txt").read_text()
                    time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()
            process.wait(timeout=300)


@pytest.fixture(scope="module")
def local():
    return SimpleAIBrain("bundled", quiet=True)


@pytest.fixture(scope="module")
def served(tmp_path_factory, local):
    """The address of the bundled brain, saved and served."""
    folder = tmp_path_factory.mktemp("saved")
    local.save(folder)
    with serve(folder) as address:
        yield address


@pytest.fixture(scope="module")
def any_model(tmp_path_factory):
    """The address of a model that is not a saved brain, and its folder."""
    folder = tmp_path_factory.mktemp("plain")
    save_tiny_model(folder)
    with serve(folder) as address:
        yield address


def states(count, seed=0):
    """Histories of many kinds: bad and good rates, with and without losses,
    inside of what the bundled brain was taught and outside."""
    random = Random(seed)
    for _ in range(count):
        history = make_history(
            random.randint(1, 40), random.uniform(0, 60),
            random.uniform(-2, 4), random.choice([40, 60, 100, 900]))
        rate = 10 ** random.uniform(-4, 0)
        history = [replace(
            m, learning_rate=rate, train_loss=random.uniform(0.05, 6),
            val_loss=random.choice([None, random.uniform(0.1, 3)]))
            for m in history]
        if random.random() < 0.1:  # no run that was taught has such a gap
            history[-1] = replace(history[-1], train_acc=2.0, val_acc=99.0)
        yield history


def same(one, other):
    return (one.action, one.source) == (other.action, other.source) and (
        one.probabilities == pytest.approx(other.probabilities, abs=1e-4))


def test_a_served_brain_decides_as_the_local_one(served, local):
    """Over many states; both orders of the options are asked for if the
    two best are close, and the rules take what it was not taught."""
    brain = SimpleAIBrain(served, quiet=True)
    assert brain.mode == "score"
    assert "typed decisions of a saved brain" in brain.description
    histories = list(states(STATES))
    found, expected = (b.decide_many(histories) for b in (brain, local))
    differ = [(o, e) for o, e in zip(found, expected) if not same(o, e)]
    assert not differ, f"{len(differ)} of {STATES}, such as {differ[0]}"
    sources = [d.source for d in found]
    assert sources.count("model") > 20 and sources.count("fallback") > 5


@pytest.mark.parametrize("options", [
    {"actions": ACTIONS[::-1]}, {"actions": ACTIONS[2:] + ACTIONS[:2]},
    {"actions": ACTIONS[1:3]}, {"actions": ACTIONS[:0:-1]},
    {"calibrate": True}, {"both_orders": False},
    {"prompt": Prompt(user="Accuracy {val_acc}\nWhich action?")},
], ids=str)
def test_so_it_does_in_any_order_for_some_actions_and_calibrated(
        served, local, options):
    options = {"quiet": True, "mode": "score", "explain": False, **options}
    brain, other = SimpleAIBrain(served, **options), SimpleAIBrain(
        "bundled", **options)
    for history in states(8, seed=1):
        for every in (5, 2):
            assert brain.probabilities([history], every=every)[0] == \
                pytest.approx(other.probabilities(
                    [history], every=every)[0], abs=1e-4)


def test_actions_offered_for_one_decision_only(served, local):
    brain = SimpleAIBrain(served, quiet=True, explain=False)
    for history in states(20, seed=2):
        for actions in (ACTIONS[2:], ACTIONS[::-1]):
            assert same(*[b.decide_many([history], actions=actions)[0]
                          for b in (brain, local)])


def test_what_a_saved_brain_has_no_label_for_is_not_asked(served):
    best = Action("restore_best", "go back to the best weights")
    brain = SimpleAIBrain(served, actions=[*ACTIONS, best], quiet=True)
    assert brain.mode == "generate"
    assert "no typed decisions" in brain.description
    brain = SimpleAIBrain(served, quiet=True)
    brain.taught = Taught()
    decision = brain.analyze_training(make_history(),
                                      actions=[*ACTIONS, best])
    assert decision.source == "fallback"
    assert "cannot be asked about restore_best" in decision.note


def test_a_served_decision_comes_with_the_reason_that_the_local_one_writes(
        served, local):
    brain = SimpleAIBrain(served, quiet=True)
    equal = 0
    for n in range(2, 30, 3):
        here, there = (b.analyze_training(make_history(n))
                       for b in (local, brain))
        assert there.action == here.action
        assert there.reason == here.reason or "No reason" in there.reason
        equal += there.reason == here.reason
    assert equal >= 5


def test_served_chat_writes_as_the_local_brain_does(served, local):
    options = {"mode": "generate", "quiet": True}
    brain, other = (SimpleAIBrain(m, **options) for m in (served, "bundled"))
    for history in states(20, seed=3):
        here, there = (b.analyze_training(history) for b in (other, brain))
        assert (there.action, there.source) == (here.action, here.source)
        assert there.reason == here.reason


def test_what_is_written_comes_piece_by_piece(served):
    pieces = []
    brain = SimpleAIBrain(served, mode="generate", quiet=True,
                          on_text=pieces.append)
    reply = brain.analyze_training(make_history()).reply
    assert "".join(pieces) == reply and len(pieces) > 2


def test_ten_ask_at_once(served, local):
    brains = [SimpleAIBrain(served, explain=False, quiet=True)
              for _ in range(10)]

    def ask(brain):
        return [brain.analyze_training(make_history(n)) for n in (3, 8)]

    with ThreadPoolExecutor(10) as pool:
        found = [d for ds in pool.map(ask, brains) for d in ds]
    expected = local.decide_many([make_history(n) for n in (3, 8)]) * 10
    assert all(same(*pair) for pair in zip(found, expected))


def test_a_model_that_is_no_saved_brain_is_asked_in_the_servers_words(
        any_model):
    brain = SimpleAIBrain(any_model, quiet=True)
    assert "in the server's own prompt" in brain.description
    messages = Prompt().messages(make_history())
    one = brain.model.score(messages, {"a": "x", "b": "y"})
    other = brain.model.score(messages, {"b": "y", "a": "x"})
    assert one != pytest.approx(other)  # its prompt lists them as asked
    assert brain.analyze_training(make_history()).source == "model"


# -- against small servers


class Stub(http.server.ThreadingHTTPServer):
    """Answers each path with what a list holds for it, the last one for
    good: (status, JSON), or a function that gets the handler."""

    daemon_threads = True

    def __init__(self, root="/v1", **answers):
        super().__init__(("127.0.0.1", 0), StubHandler)
        self.answers = {f"{root}/" + name.replace("__", "/"): list(given)
                        for name, given in answers.items()}
        self.asked, self.headers = [], []
        threading.Thread(target=self.serve_forever, args=[0.02],
                         daemon=True).start()
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.address = f"http://{self.host}/v1"

    def paths(self):
        return [path for path, _ in self.asked]


class StubHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        self.do_POST()

    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length) or "null")
        self.server.asked.append((self.path, body))
        self.server.headers.append(dict(self.headers))
        given = self.server.answers.get(self.path, [(404, {})])
        answer = given.pop(0) if len(given) > 1 else given[0]
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if callable(answer):
                answer(self)
            else:
                self.say(*answer)

    def say(self, status, found, **headers):
        data = found if isinstance(found, bytes) else json.dumps(
            found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def reply(text):
    return 200, {"choices": [{"message": {"content": text}}]}


def probabilities(handler):
    """A decision server's answer: the first option is the likeliest."""
    names = handler.server.asked[-1][1]["questions"]["action"]["criteria"]
    rest = 0.4 / (len(names) - 1)
    handler.say(200, {"answers": {"action": {"probabilities": {
        name: rest if i else 0.6 for i, name in enumerate(names)}}}})


def silent(handler):
    time.sleep(5)


def drip_body(handler):
    """One byte each tenth of a second, for ever."""
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.1)


def drip_headers(handler):
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.server.sent = getattr(handler.server, "sent", 0) + 65536
        handler.wfile.write(b" " * 65536)


def hang_up(handler):
    handler.close_connection = True


def not_http(handler):
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")


def streamed(*lines):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for line in lines:
            handler.wfile.write(line.encode() + b"\r\n\r\n")
            handler.wfile.flush()
    return answer


def piece(text):
    return "data: " + json.dumps({"choices": [{"delta": {"content": text}}]})


MODELS = 200, {"data": [{"id": "qwen3:0.6b"}, {"id": "other"}]}
READY = reply("Yes.")  # what the trial of a chat server is answered with
ASK = [{"role": "user", "content": "?"}]


@pytest.fixture
def stub():
    made = []

    def make(*args, **answers):
        made.append(Stub(*args, **answers))
        return made[-1]

    yield make
    for server in made:
        server.shutdown()
        server.server_close()


def chat(server, **options):
    return ChatServer(Connection(server.address, **options))


def test_a_chat_server_is_asked_with_the_same_prompt(stub):
    server = stub(models=[MODELS], chat__completions=[
        READY, reply("reduce_learning_rate: The loss jumps."),
        reply("Bananas.")])
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


@pytest.mark.parametrize("root, given", [
    ("/v1", ""), ("/v1", "/"), ("/v1", "/v1"), ("/v1", "/v1/"),
    ("/v1", "/v1/chat/completions"), ("", ""), ("", "/v1"),
    ("/openai", "/openai"),
])
def test_the_address_is_tried_with_and_without_v1(stub, root, given):
    server = stub(root, chat__completions=[READY, reply("continue: fine")])
    brain = SimpleAIBrain(f"http://{server.host}{given}", quiet=True)
    assert brain.analyze_training(make_history()).action == "continue"
    assert server.paths()[-1] == root + "/chat/completions"


def test_an_address_where_nothing_is_served_is_told_at_once(stub):
    server = stub("/elsewhere", models=[MODELS])
    with pytest.raises(ServerError, match="(?s)Neither .* nor .* 404"):
        SimpleAIBrain(server.address, quiet=True)


@pytest.mark.parametrize("address", [
    "http://", "http://host:port/v1", "http://host/v1?key=secret",
    "http://user:secret@host:port/v1", "http://user:sec/ret@host/v1#x"])
def test_no_address(address):
    with pytest.raises(ValueError, match="must look like") as told:
        SimpleAIBrain(address, quiet=True)
    assert "secret" not in str(told.value) and "ret@" not in str(told.value)


def test_extras_that_a_server_refuses_are_left_out_from_then_on(stub):
    def picky(handler):
        body = handler.server.asked[-1][1]
        handler.say(*(reply("continue: fine") if set(body) == {
            "messages", "max_completion_tokens"} else (400, {"error": "no"})))

    server = stub(chat__completions=[picky])
    asked = chat(server)
    assert [asked.generate(ASK) for _ in range(2)] == ["continue: fine"] * 2
    assert len(server.asked) == 3 + 1
    assert "chat_template_kwargs" in server.asked[0][1]
    assert "chat_template_kwargs" not in server.asked[1][1]


def test_a_forced_beginning_begins_the_reply(stub):
    server = stub(chat__completions=[
        reply("continue: It rises."), reply("It rises."),
        reply("stop_training: It falls.")])
    found = [chat(server).generate(ASK, start="continue:") for _ in range(3)]
    assert found == ["continue: It rises.", "continue: It rises.",
                     "continue:"]  # another action's reason is not used


def test_a_decision_server_of_other_makers_gets_the_name_it_wants(stub):
    server = stub(models=[MODELS], systemone=[probabilities])
    found = Server(server.address)
    assert isinstance(found, DecisionServer) and found.name == "qwen3:0.6b"
    scores = found.score(ASK, {"stop_training": "end", "continue": "go on"})
    assert scores["stop_training"] > scores["continue"]
    body = server.asked[-1][1]
    assert body["model"] == "qwen3:0.6b"
    criteria = body["questions"]["action"]["criteria"]
    assert list(criteria.items()) == [
        ("stop_training", "end"), ("continue", "go on")]


def test_a_decision_server_that_writes_nothing_still_decides(stub):
    server = stub(systemone=[probabilities])
    decision = SimpleAIBrain(server.address, quiet=True).analyze_training(
        make_history())
    assert decision.source == "model" and decision.note is None
    assert "No reason was written" in decision.reason


def test_labels_that_are_fixed_by_place_are_asked_for_in_one_order(stub):
    """As a saved brain: it refuses all but its own names."""
    def saved(handler):
        names = list(handler.server.asked[-1][1]["questions"]["action"][
            "criteria"])
        if names != sorted(NAMES):
            return handler.say(400, {"detail": "at most 4 options"})
        handler.say(200, {"answers": {"action": {"probabilities": dict(zip(
            names, [0.1, 0.2, 0.3, 0.4]))}}})

    server = stub(systemone=[saved])
    for actions in (ACTIONS, ACTIONS[::-1], ACTIONS[1:]):
        brain = SimpleAIBrain(server.address, actions=actions, quiet=True,
                              explain=False)
        decision = brain.analyze_training(make_history())
        assert decision.action == "stop_training", decision.note
        assert decision.probabilities["reduce_learning_rate"] / \
            decision.probabilities["stop_training"] == pytest.approx(3 / 4)


@pytest.mark.parametrize("answer", [
    {}, {"answers": {}}, {"answers": {"action": {"probabilities": {}}}},
    {"answers": {"action": {"probabilities": dict.fromkeys(NAMES, "x")}}},
    {"answers": {"action": {"probabilities": dict.fromkeys(NAMES, -1)}}},
    {"answers": {"action": {"probabilities": dict.fromkeys(
        NAMES, float("nan"))}}}])
def test_probabilities_that_are_none(stub, answer):
    server = stub(systemone=[probabilities, probabilities, (200, answer)])
    brain = SimpleAIBrain(server.address, quiet=True)
    decision = brain.analyze_training(make_history())
    assert decision.source == "fallback"
    assert "without a probability for each option" in decision.note


def test_a_server_too_busy_to_be_tried_is_not_taken_for_another_kind(stub):
    server = stub(models=[MODELS], systemone=[(503, {})],
                  chat__completions=[READY])
    with pytest.raises(ServerError, match="systemone answers 503"):
        Server(server.address, retries=0)


def test_a_busy_server_is_asked_again(stub):
    server = stub(chat__completions=[
        (503, {}), (429, {}), reply("continue: fine")])
    assert chat(server).generate(ASK) == "continue: fine"
    assert len(server.asked) == 3


def test_retries_are_limited_and_a_fault_is_not_asked_again(stub):
    server = stub(chat__completions=[(503, {})])
    with pytest.raises(ServerError, match="503"):
        chat(server, retries=1).generate(ASK)
    assert len(server.asked) == 2
    server = stub(chat__completions=[(500, {"error": "a bug"})])
    with pytest.raises(ServerError, match="a bug"):
        chat(server).generate(ASK)
    assert len(server.asked) == 1


@pytest.mark.parametrize("slow", [silent, drip_body, drip_headers])
@pytest.mark.parametrize("on_text", [None, print])
def test_the_time_for_an_answer_is_the_time_for_all_of_it(
        stub, slow, on_text):
    server = stub(chat__completions=[slow])
    with pytest.raises(ServerError, match="timed out.* within 0.4 s"):
        chat(server, timeout=0.4).generate(ASK, on_text=on_text)
    decision = SimpleAIBrain(
        chat(server, timeout=0.2), quiet=True).analyze_training(
            make_history())
    assert decision.source == "fallback" and "timed out" in decision.note


@pytest.mark.parametrize("on_text", [None, print])
def test_of_an_endless_answer_a_megabyte_is_read(stub, on_text):
    server = stub(chat__completions=[endless])
    with pytest.raises(ServerError, match="1,000,000 bytes"):
        chat(server).generate(ASK, on_text=on_text)
    assert server.sent < 20 * LARGEST  # the rest waited in buffers


@pytest.mark.parametrize("answer", [
    (200, {}), (200, {"choices": []}), (200, []), (200, "x"),
    (200, {"choices": [{"message": {"content": None}}]}),
    (200, {"error": "out of memory"}), (200, b"<!doctype html>"),
    (200, b"[" * 200_000), hang_up, not_http,
])
@pytest.mark.parametrize("on_text", [None, len])
def test_answers_of_another_shape_become_the_rules_decision(
        stub, answer, on_text):
    server = stub(models=[MODELS], chat__completions=[READY, answer])
    brain = SimpleAIBrain(server.address, quiet=True)
    brain.on_text, brain.model.link.retries = on_text, 0
    decision = brain.analyze_training(make_history())
    assert decision.source == "fallback" and decision.note


@pytest.mark.parametrize("answer, why", [
    ((200, {"error": "out of memory"}), "choices.*out of memory"),
    ((200, b"<!doctype html>"), "doctype html.*Is this the address"),
    ((401, {}), "401. It needs a key: pass api_key="),
    ((403, {}), "403. It needs a key"),
    ((404, {"error": "no such model"}), "no such model"),
    (lambda h: h.say(307, {}, Location="http://u:secret@evil/v1?k=secret"),
     "307 and points to http://evil/v1, which is not followed"),
    (hang_up, "cannot be asked.*Is the server running"),
    (not_http, "cannot be asked"),
])
def test_what_is_wrong_is_told_at_the_start(stub, answer, why):
    server = stub(chat__completions=[answer], models=[MODELS])
    with pytest.raises(ServerError, match=f"(?s){why}") as told:
        Server(server.address, retries=0)
    assert "secret" not in str(told.value)


def test_no_server_there_is_told_at_once():
    address = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(ServerError, match="Is the server running"):
        Server(address, retries=0)


# -- streams


def test_a_stream_is_told_piece_by_piece_and_left_after_the_first_line(stub):
    server = stub(chat__completions=[READY, streamed(
        ": a comment", piece(""), piece("continue: It "), piece("rises.\n"),
        piece("More"), "data: " + json.dumps({"choices": []}),
        "data: [DONE]")])
    pieces = []
    brain = SimpleAIBrain(server.address, on_text=pieces.append, quiet=True)
    decision = brain.analyze_training(make_history())
    assert pieces == ["continue: It ", "rises.\n"]
    assert decision.reply == "continue: It rises.\n"
    assert server.asked[-1][1]["stream"] is True


def test_a_server_that_cannot_stream_is_read_as_a_whole(stub):
    server = stub(chat__completions=[reply("continue: fine")])
    pieces = []
    found = chat(server).generate(ASK, on_text=pieces.append)
    assert pieces == [found] == ["continue: fine"]


def test_an_error_inside_a_stream_is_told(stub):
    server = stub(chat__completions=[streamed(
        piece("cont"), 'data: {"error": "out of memory"}')])
    with pytest.raises(ServerError, match="out of memory"):
        chat(server).generate(ASK, on_text=len)


# -- keys

SECRET = "sk-Very-Secret/123"


def parrot(handler):
    """Repeats every header in its refusal."""
    handler.say(418, dict(handler.headers))


@pytest.mark.parametrize("where", ["key", "headers", "address"])
def test_a_key_is_sent_and_shown_nowhere(stub, where, capfd, tmp_path):
    server = stub(chat__completions=[READY, reply("continue: ok"), parrot])
    address, options = server.address, {}
    if where == "key":
        options, sent = {"api_key": SECRET}, f"Bearer {SECRET}"
    elif where == "headers":
        options = {"headers": {"Authorization": SECRET, "X-Team": SECRET}}
        sent = SECRET
    else:
        address = f"http://me:{SECRET.replace('/', '%2F')}@{server.host}/v1"
        sent = "Basic " + base64.b64encode(f"me:{SECRET}".encode()).decode()
    brain = SimpleAIBrain(address, **options)
    good, bad = (brain.analyze_training(make_history()) for _ in range(2))
    assert good.action == "continue" and "418" in bad.note
    assert all(h["Authorization"] == sent for h in server.headers)
    shown = [*capfd.readouterr(), brain, brain.description, brain.model,
             brain.model.link, good, bad, vars(good), vars(bad)]
    for secret in (SECRET, SECRET.replace("/", "%2F"), sent.split()[-1]):
        assert secret not in "\n".join(map(repr, shown)) + str(bad)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_TOKEN"])
def test_keys_of_the_environment_are_sent_only_when_asked_for(
        stub, monkeypatch, name):
    server = stub(chat__completions=[READY])
    monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match=f"environment holds no {name}"):
        SimpleAIBrain(server.address, api_key=name, quiet=True)
    monkeypatch.setenv(name, SECRET)
    SimpleAIBrain(server.address, quiet=True)
    assert not any("Authorization" in h for h in server.headers)
    SimpleAIBrain(server.address, api_key=name, quiet=True)
    assert server.headers[-1]["Authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("options", [
    {"api_key": SECRET + "\n"}, {"api_key": SECRET + "é"},
    {"headers": {"X-Key": SECRET + "\r\nX: y"}}, {"headers": {"A": 1}},
    {"api_key": SECRET, "headers": {"authorization": SECRET}}])
def test_keys_that_cannot_be_sent(options):
    with pytest.raises(ValueError) as told:
        SimpleAIBrain("http://127.0.0.1:1/v1", **options)
    assert "Secret" not in str(told.value)


@pytest.mark.parametrize("model", ["bundled", "rules", "auto"])
def test_a_key_without_an_address(model):
    with pytest.raises(ValueError, match="for a server's address") as told:
        SimpleAIBrain(model, api_key=SECRET)
    assert "Secret" not in str(told.value)


def test_a_key_that_is_refused(stub):
    server = stub(models=[(401, {"error": f"bad key {SECRET}"})])
    with pytest.raises(ServerError, match="does not accept") as told:
        SimpleAIBrain(server.address, api_key=SECRET)
    assert SECRET not in str(told.value)


def test_a_password_in_the_environments_wish_is_not_told(stub, monkeypatch):
    server = stub(chat__completions=[READY])
    monkeypatch.setenv("AGENTIC_LIB_BRAIN",
                       f"http://me:pass-word@{server.host}")
    brain = SimpleAIBrain(quiet=True)
    assert server.host in brain.description
    assert "pass-word" not in brain.description


@pytest.mark.parametrize("again", [
    copy.deepcopy, lambda brain: pickle.loads(pickle.dumps(brain))])
def test_a_copy_of_a_brain_on_a_server_asks_too(stub, again):
    server = stub(chat__completions=[READY, reply("continue: fine")])
    brain = again(SimpleAIBrain(server.address, api_key=SECRET, quiet=True))
    assert brain.analyze_training(make_history()).action == "continue"
    assert server.headers[-1]["Authorization"] == f"Bearer {SECRET}"
