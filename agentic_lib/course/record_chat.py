"""A chat with a real Qwen3-0.6B, kept in a file with its date.

    python -m agentic_lib.course.record_chat

asks three questions, one of them with thinking on, and writes prompts,
replies, times and versions to `recordings/` beside this file. It needs the
model (1.5 GB, from the hub or its cache) and should have a GPU: on a CPU it
works, but takes minutes. Notebook 01 shows the newest recording. Knows nothing
about brains: here a prompt that asks for a decision is one like any other.
"""

import argparse
import json
import platform
import sys
import textwrap
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from agentic_lib import __version__
from agentic_lib.models.errors import LanguageModelError

RECORDINGS = Path(__file__).parent / "recordings"
COMMAND = "python -m agentic_lib.course.record_chat"
QUESTION = [{"role": "user", "content":
             "What is a learning rate? Answer in two sentences."}]
WIDTH, LONGEST = 76, 14  # of what is shown: columns, and lines of thoughts


def ask(model, title, messages, thinking=False, until=None, room=None):
    """One question and its answer, as a dictionary that JSON can hold.

    until  as in LanguageModel.generate; None: the default there
    room   its max_new_tokens
    """
    options = {"thinking": thinking, "max_new_tokens": room}
    if until is not None:
        options["until"] = until
    started = time.perf_counter()
    reply = model.generate(messages, **options)
    seconds = time.perf_counter() - started
    return {
        "title": title, "messages": messages, "thinking": thinking,
        "sampled": thinking,  # thoughts are always drawn, with this seed
        "seed": 0 if thinking else None, "reply": reply,
        "text_sent": model.render(messages, thinking),
        "prompt_tokens": len(model.tokens(messages, thinking=thinking)),
        "new_tokens": len(model.tokenizer(
            reply, add_special_tokens=False)["input_ids"]),
        "seconds": round(seconds, 3),
    }


def record(model, messages, room=None) -> dict:
    """Three questions to a LanguageModel, and all that a reader wants to know
    about how they were asked.

    messages  a prompt that asks for a decision
    """
    model.generate(QUESTION, max_new_tokens=2)  # the first call is slower
    chats = [
        ask(model, "A question", QUESTION, until=lambda text: False,
            room=room or 160),
        ask(model, "A decision", messages, room=room),
        ask(model, "The same decision, with thinking on", messages,
            thinking=True, room=room),
    ]
    return {
        "date": datetime.now(UTC).date().isoformat(), "command": COMMAND,
        "model": model.name, "revision": model.revision,
        "weights": model.network.num_parameters(),
        "device": device_name(model.device),
        "dtype": str(model.dtype).removeprefix("torch."),
        "versions": {"agentic_lib": __version__,
                     "python": platform.python_version(),
                     **{name: version(name)
                        for name in ("torch", "transformers")}},
        "chats": chats,
    }


def device_name(device) -> str:
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return device.type


def decision_prompt() -> list[dict]:
    """A brain's prompt at epoch 15 of a run that starts at too high a rate."""
    from agentic_lib import Prompt, train

    run = train("digits", None, lr=0.3, epochs=30)
    return Prompt().messages(run.metrics[:15])


def file_name(recording) -> str:
    """A file name, its date first, so that the newest file sorts last."""
    model = Path(recording["model"]).name.lower()
    return f"{recording['date']}_{model}.json"


def recorded(folder=RECORDINGS) -> str:
    """The newest recording in words; or one sentence if there is none."""
    found = sorted(Path(folder).glob("*.json"))
    if not found:
        return ("No chat with a real Qwen3-0.6B has been recorded yet; on a "
                f"machine with a GPU,\nthis command does it: {COMMAND}")
    return as_text(json.loads(found[-1].read_text(encoding="utf8")))


def as_text(recording) -> str:
    """A recording in lines that fit on a page; long thoughts are cut."""
    versions = ", ".join(f"{name} {number}" for name, number
                         in recording["versions"].items())
    lines = [f"{recording['model']}, recorded on {recording['date']}",
             *textwrap.wrap(f"{recording['device']}, {recording['dtype']}, "
                            f"{versions}", WIDTH)]
    for chat in recording["chats"]:
        thoughts, closed, answer = chat["reply"].rpartition("</think>")
        pace = chat["new_tokens"] / max(chat["seconds"], 1e-9)
        lines += ["", chat["title"], f"  {chat['prompt_tokens']} tokens read, "
                  f"{chat['new_tokens']} written in {chat['seconds']:.2f} s: "
                  f"{pace:.0f} a second"]
        lines += indented(chat["messages"][-1]["content"], "> ")
        if closed or "<think>" in chat["reply"]:
            lines += cut(indented(thoughts or answer, "  (thinks) "))
        if closed:
            lines += indented(answer)
        elif "<think>" in chat["reply"]:
            lines += indented("(It was still thinking when the room was "
                              "used up: there is no answer.)")
        else:
            lines += indented(chat["reply"])
    return "\n".join(lines)


def indented(text, mark="  ") -> list[str]:
    text = text.replace("<think>", "").strip()
    return [line for part in text.splitlines() if part.strip()
            for line in textwrap.wrap(part, WIDTH, initial_indent=mark,
                                      subsequent_indent=mark)]


def cut(lines) -> list[str]:
    left = len(lines) - LONGEST
    return lines if left <= 1 else [
        *lines[:LONGEST], f"  (and {left} more lines of thoughts)"]


def main(arguments=None) -> Path:
    """The command line. Returns the file that was written."""
    parser = argparse.ArgumentParser(
        prog=COMMAND, description="Records a chat with Qwen3-0.6B.")
    parser.add_argument("--model", default="qwen",
                        help="another hub id, or a folder")
    parser.add_argument("--device", help="cuda, mps or cpu; the best one "
                                         "that is there if left out")
    parser.add_argument("--to", type=Path, default=RECORDINGS,
                        help="the folder that gets the file")
    options = parser.parse_args(arguments)
    from agentic_lib.models.language_model import LanguageModel
    from agentic_lib.models.loading import QWEN

    try:
        model = LanguageModel.load(
            QWEN if options.model == "qwen" else options.model,
            device=options.device)
        recording = record(model, decision_prompt())
        options.to.mkdir(parents=True, exist_ok=True)
        path = options.to / file_name(recording)
        path.write_text(json.dumps(recording, indent=1, ensure_ascii=False)
                        + "\n", encoding="utf8")
    except (LanguageModelError, OSError, ValueError) as error:
        parser.exit(2, f"{parser.prog}: {error}\n")
    print(as_text(recording))
    print(f"\nWritten to {path}")
    return path


if __name__ == "__main__":
    main(sys.argv[1:])
