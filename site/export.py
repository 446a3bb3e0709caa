"""What the page takes from Python: brains, tables, data, a recorded run.

    python site/export.py

Writes site/generated/. Nothing in it is typed again in TypeScript: when a
prompt, a rule's threshold or the brain itself changes, the next build has it.
"""

import gzip
import json
import os
import sys
import tomllib
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path[:0] = [str(ROOT), str(HERE)]

import torch  # noqa: E402
from to_javascript import parser_tables  # noqa: E402
from to_onnx import shape_kept, to_onnx  # noqa: E402

import agentic_lib  # noqa: E402
from agentic_lib import ACTIONS, Prompt, SimpleAIBrain  # noqa: E402
from agentic_lib import load_data, train  # noqa: E402
from agentic_lib.brain import fallback, scoring  # noqa: E402
from agentic_lib.show import experiments  # noqa: E402
from agentic_lib.run.record import to_line  # noqa: E402

OUT = HERE / "generated"
BRAINS = ("bundled", "naive")  # the first one plays
NOISE = 0.3                    # of the game's training labels, as in 00
RECORDED = {"lr": 0.5, "epochs": 100, "seed": 0}  # the command line's run


def main():
    """Writes all files that the page is built from."""
    torch.set_num_threads(1)
    OUT.mkdir(exist_ok=True)
    brains = {name: SimpleAIBrain(name, quiet=True) for name in there()}
    for name, brain in brains.items():
        write_brain(name, brain)
    write("tables.json", tables(list(brains)))
    write("digits.json.gz", digits())
    write("run.json", recorded(brains["bundled"]))


def there() -> list[str]:
    """The names of the brains that the package brings along."""
    package = Path(agentic_lib.__file__).parent
    return [n for n in BRAINS if (package / f"{n}_brain").is_dir()]


def write_brain(name, brain):
    """NAME.onnx.gz and NAME.json.gz, all that is needed to ask a brain."""
    network, tokenizer = brain.model.network, brain.model.tokenizer
    write(f"{name}.onnx.gz", to_onnx(network))
    folder = Path(brain.model.folder)
    write(f"{name}.json.gz", {
        "weights": network.num_parameters(),
        "kept": shape_kept(network.config),
        "end": tokenizer.eos_token_id,
        "chat": chat_pieces(brain.model),
        "tokens": first_tokens(brain),
        "taught": brain.taught.fields(),
        "tokenizer": read(folder / "tokenizer.json"),
        "tokenizer_config": read(folder / "tokenizer_config.json")})


def chat_pieces(model) -> list[str]:
    """What the chat template puts before, between and after the two
    messages."""
    marks = ["\x01system\x01", "\x01user\x01"]
    text = model.render([{"role": "system", "content": marks[0]},
                         {"role": "user", "content": marks[1]}])
    before, rest = text.split(marks[0])
    return [before, *rest.split(marks[1])]


def first_tokens(brain) -> dict[str, int]:
    """{action's name: its first token}. They must differ: the page scores by
    one pass."""
    first = {a.name: brain.model.name_tokens(a.name)[0] for a in ACTIONS}
    if len(set(first.values())) < len(first):
        raise ValueError(f"first tokens collide: {first}")
    return first


def tables(brains) -> dict:
    """All that is text or number in Python and needed in the page."""
    prompt = Prompt()
    return {
        "version": agentic_lib.__version__,
        "brains": brains,
        "prompt": {"system": prompt.system, "user": prompt.user},
        "actions": [
            {**{k: v for k, v in asdict(a).items() if k != "effect"},
             "line": a.line} for a in ACTIONS],
        "rules": {name: getattr(fallback, name) for name in (
            "BIG_GAP", "GREAT", "CRAWL", "RESTLESS")},
        "close": scoring.CLOSE,
        "parser": parser_tables(),
        "knobs": experiments.KNOBS,
        "start": experiments.START,
        "links": links(),
    }


def links() -> dict[str, str]:
    """{"00": address of that notebook in Colab, ..., "repository": ...}"""
    series = tomllib.loads(
        (ROOT / "notebooks" / "series.toml").read_text(encoding="utf-8"))
    repository = series["repository"]
    if repository == "OWNER/REPOSITORY":  # not published under a name yet
        repository = os.environ.get("GITHUB_REPOSITORY", repository)
    at = f"{repository}/blob/{series['branch']}/notebooks"
    return {"repository": f"https://github.com/{repository}"} | {
        notebook["name"][:2]: "https://colab.research.google.com/github/"
        f"{at}/{notebook['name']}.ipynb" for notebook in series["notebook"]}


def digits() -> dict:
    """The game's pictures and labels, split as the notebooks split them."""
    data = load_data("digits", label_noise=NOISE)
    return {part: {
        "pixels": (16 * inputs).round().int().flatten().tolist(),
        "labels": labels.tolist(),
    } for part, (inputs, labels) in (
        ("train", data.train), ("val", data.val), ("test", data.test))}


def recorded(brain) -> dict:
    """A real run under the brain, guards and all, and the same run at a
    constant rate: what `python -m agentic_lib` does."""
    data = load_data("digits", label_noise=0.2)
    steered, constant = (train(data, b, **RECORDED) for b in (brain, None))
    return {"settings": RECORDED,
            "metrics": [asdict(m) for m in steered.metrics],
            "decisions": [asdict(d) for d in steered.decisions],
            "test_acc": steered.test_acc,
            "constant": [asdict(m) for m in constant.metrics],
            "constant_test_acc": constant.test_acc}


def read(path) -> dict:
    return json.loads(path.read_text(encoding="utf-8"))


def write(name, content):
    """A file in site/generated. Names that end in .gz are packed, always to
    the same bytes."""
    if not isinstance(content, bytes):
        content = to_line(content).encode()
    if name.endswith(".gz"):
        content = gzip.compress(content, 9, mtime=0)
    (OUT / name).write_bytes(content)
    print(f"site/generated/{name}  {len(content):,} bytes")


if __name__ == "__main__":
    main()
