"""Which model answers: what `model=` means, and why it was taken.

Knows nothing about prompts or decisions.
"""

import os
from pathlib import Path

from agentic_lib.taught import read_taught

BUNDLED = Path(__file__).parent / "bundled_brain"
WORDS = ("auto", "qwen", "bundled", "rules")


def find_model(model="auto", **load):
    """(model or None for the rules, what it was taught, description).

    model  "auto", "qwen", "bundled", "rules", a hub id, a folder, a server's
           address, or anything with `generate` and `score`
    load   revision, local_files_only, device, dtype
    Raises LanguageModelError where a model asked for by name cannot be had;
    "auto" always finds something.
    """
    if hasattr(model, "generate"):
        return model, {}, getattr(model, "description", repr(model))
    if not isinstance(model, (str, Path)):
        raise ValueError(
            f"model={model!r} must be one of {WORDS}, a folder, a hub id, an "
            "address such as 'http://localhost:8000/v1', or a LanguageModel.")
    if model == "auto":
        return find_automatically(**load)
    if model == "rules":
        return None, {}, "the rules alone, no language model"
    if model == "bundled":
        return find_bundled(**load)
    if str(model).startswith(("http://", "https://")):
        from agentic_lib.integrations.server import Server

        server = Server(str(model))
        return server, {}, server.description
    return load_model(model, **load)


def find_automatically(**load):
    """AGENTIC_LIB_BRAIN, else Qwen on a CUDA GPU, else the bundled brain."""
    wish = os.environ.get("AGENTIC_LIB_BRAIN", "").strip()
    if wish and wish != "auto":
        model, taught, what = find_model(wish, **load)
        return model, taught, f"{what} (AGENTIC_LIB_BRAIN={wish})"
    import torch

    if not torch.cuda.is_available():
        model, taught, what = find_bundled(**load)
        return model, taught, f"{what} (there is no CUDA GPU for Qwen)"
    from agentic_lib.loading import LanguageModelError

    try:
        return load_model("qwen", **load)
    except LanguageModelError as error:
        model, taught, what = find_bundled(**load)
        return model, taught, f"{what} ({error})"


def find_bundled(device=None, dtype=None, **_):
    """The brain that ships with the package; the rules where it is missing.

    It runs on the CPU unless asked otherwise: a million weights are read
    there before a GPU has been told what to do.
    """
    if not (BUNDLED / "model.safetensors").is_file():
        return None, {}, "the rules: this copy holds no bundled brain"
    model, taught, what = load_model(
        BUNDLED, device=device or "cpu", dtype=dtype)
    model.name = "the bundled brain"
    return model, taught, model.description


def load_model(model, **load):
    """A language model from a folder or the hub."""
    from agentic_lib.language_model import QWEN, LanguageModel

    model = QWEN if model == "qwen" else model
    if not Path(model).is_dir():
        print(f"Taking {model} from the local cache or the Hugging Face hub.")
    found = LanguageModel.load(model, **load)
    return found, read_taught(found.folder), found.description
