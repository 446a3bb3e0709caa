"""Which model answers: what `model=` means, and why it was taken.

Knows nothing about prompts or decisions.
"""

import os
from pathlib import Path

from agentic_lib.models.errors import LanguageModelError
from agentic_lib.models.taught import read_taught

BUNDLED = Path(__file__).parents[1] / "bundled_brain"
WORDS = ("auto", "qwen", "bundled", "rules", "colab")


def find_model(model="auto", asked=None, **load):
    """(model, what it was taught, why it). None as model means the rules.

    model  "auto", "qwen", "bundled", "rules", "colab", a hub id, a folder, a
           server's address, or anything with a `generate`
    asked  how a server is asked: options, also, api_key, headers; see Server
    load   revision, local_files_only, device, dtype
    Raises LanguageModelError where a model asked for by name cannot be had;
    "auto" always finds something.
    """
    asked = asked or {}
    if not is_address(wish() if model == "auto" else model) and (
            asked.get("api_key") or asked.get("headers")):
        raise ValueError(
            "api_key= and headers= are for a server's address, such as "
            f"'http://localhost:8000/v1', and not for model={model!r}.")
    if hasattr(model, "generate"):
        return model, getattr(model, "taught", {}), ""
    if not isinstance(model, (str, Path)):
        raise ValueError(
            f"model={model!r} must be one of {WORDS}, a folder, a hub id, an "
            "address such as 'http://localhost:8000/v1', or a LanguageModel.")
    if model == "auto":
        return find_automatically(asked, **load)
    if model == "rules":
        return None, {}, "no language model"
    if model == "bundled":
        return find_bundled("", **load)
    if is_address(model):
        from agentic_lib.models.server import Server

        server = Server(model, **asked)
        return server, server.taught, ""
    if model == "colab":
        from agentic_lib.models.colab import colab_model

        return colab_model(), {}, ""
    return load_model(model, "", **load)


def is_address(model) -> bool:
    return str(model).startswith(("http://", "https://"))


def wish() -> str:
    """What the environment wants "auto" to be."""
    return os.environ.get("AGENTIC_LIB_BRAIN", "").strip()


def find_automatically(asked, **load):
    """AGENTIC_LIB_BRAIN, else Qwen on a CUDA GPU, else the bundled brain."""
    if wish() not in ("", "auto"):
        model, taught, why = find_model(wish(), asked, **load)
        told = "AGENTIC_LIB_BRAIN"  # an address may hold a password
        if not is_address(wish()):
            told += f"={wish()}"
        return model, taught, f"{told}; {why}" if why else told
    import torch

    if not torch.cuda.is_available():
        return find_bundled("no CUDA GPU for Qwen here", **load)
    try:
        return load_model("qwen", "there is a CUDA GPU", **load)
    except LanguageModelError as error:
        return find_bundled(str(error), **load)


def find_bundled(why, device=None, dtype=None, **_):
    """The brain that ships with the package; the rules where it is missing.

    It runs on the CPU unless asked otherwise: a million weights are read
    there before a GPU has been told what to do.
    """
    if not (BUNDLED / "model.safetensors").is_file():
        missing = "this copy holds no bundled brain"
        return None, {}, f"{missing}; {why}" if why else missing
    found = load_model(BUNDLED, why, device=device or "cpu", dtype=dtype)
    found[0].name = "the bundled brain"
    return found


def load_model(model, why, **load):
    """A language model from a folder or the hub."""
    from agentic_lib.models.language_model import LanguageModel
    from agentic_lib.models.loading import QWEN

    model = LanguageModel.load(QWEN if model == "qwen" else model, **load)
    return model, read_taught(model.folder), why
