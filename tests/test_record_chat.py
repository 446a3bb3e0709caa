"""The recorded chat: made by a real (tiny) Qwen3, shown as it was."""

import json
import re
import subprocess
import sys

import pytest
from tiny_model import save_tiny_model, tiny_language_model

from agentic_lib.course import record_chat

PROMPT = [{"role": "system", "content": "Decide."},
          {"role": "user", "content": "Epoch: 15\nWhich action?"}]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """What the command itself writes, run as a reader runs it."""
    folder = tmp_path_factory.mktemp("chat")
    model = save_tiny_model(folder / "tiny-qwen3")
    done = subprocess.run(
        [sys.executable, "-m", "agentic_lib.course.record_chat", "--model",
         str(model), "--device", "cpu", "--to", str(folder / "kept")],
        capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = (folder / "kept").iterdir()
    return path, json.loads(path.read_text()), done.stdout


def test_the_file_says_all_that_a_reader_wants_to_know(written):
    path, found, printed = written
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_tiny-qwen3\.json", path.name)
    assert found["date"] in path.name and found["device"] == "cpu"
    assert {"torch", "transformers", "python", "agentic_lib"} == set(
        found["versions"])
    assert [chat["thinking"] for chat in found["chats"]] == [
        False, False, True]
    for chat in found["chats"]:
        assert chat["seconds"] > 0
        assert chat["messages"][-1]["content"] in chat["text_sent"]
        assert chat["prompt_tokens"] > 0 and chat["new_tokens"] > 0
    assert found["chats"][1]["messages"][-1]["content"].startswith(
        "Progress: 50% of the budget")
    assert str(path) in printed


def test_the_same_model_gives_the_same_replies_again(written):
    """Nothing but the model wrote them."""
    chats = written[1]["chats"]
    model = tiny_language_model()
    assert chats[1]["reply"] == model.generate(chats[1]["messages"])
    assert chats[2]["reply"] == model.generate(
        chats[2]["messages"], thinking=True)


def test_the_notebook_shows_the_newest(written):
    path, found, printed = written
    older = {**found, "date": "2001-01-01", "model": "an older one"}
    (path.parent / "2001-01-01_old.json").write_text(json.dumps(older))
    shown = record_chat.recorded(path.parent)
    assert shown in printed and f"recorded on {found['date']}" in shown
    assert "an older one" not in shown
    lines = shown.replace(f"{path.parents[1]}/", "").splitlines()
    assert max(map(len, lines)) <= 80  # wherever the tests' folder is


def test_without_a_recording_one_sentence_names_the_command(tmp_path):
    shown = record_chat.recorded(tmp_path / "no_such_folder")
    assert record_chat.COMMAND in shown and shown.count(". ") == 0


class Written:
    """A model that is asked for text and gives this one."""

    def __init__(self, reply):
        self.reply, self.tokenizer = reply, tiny_language_model().tokenizer
        self.render = lambda messages, thinking: "sent"
        self.tokens = lambda messages, thinking: [1, 2, 3]

    def generate(self, messages, **options):
        return self.reply


def shown(reply):
    chat = record_chat.ask(Written(reply), "A title", PROMPT, thinking=True)
    return record_chat.as_text({
        "model": "m", "date": "d", "device": "cpu", "dtype": "float32",
        "versions": {}, "chats": [chat]})


def test_thoughts_are_told_from_the_answer():
    text = shown("<think>\nThe loss rose.\n</think>\n\ncontinue: fine")
    assert "  (thinks) The loss rose." in text.splitlines()
    assert text.splitlines()[-1] == "  continue: fine"


def test_long_thoughts_are_cut_and_counted():
    thoughts = "\n".join(f"thought {i}" for i in range(40))
    text = shown(f"<think>{thoughts}</think>stop_training: enough")
    assert "thought 13" in text and "thought 14" not in text
    assert "(and 26 more lines of thoughts)" in text
    assert text.endswith("  stop_training: enough")


def test_thoughts_without_an_end_are_no_answer():
    text = shown("<think>\nOn the one hand")
    assert "  (thinks) On the one hand" in text.splitlines()
    assert "there is no answer" in text


def test_a_model_that_is_not_there_is_explained(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        record_chat.main(["--model", str(tmp_path), "--to", str(tmp_path)])
    assert ended.value.code == 2
    assert "config.json" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
