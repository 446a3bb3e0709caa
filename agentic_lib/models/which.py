"""Which model answers: what `model=` means, and why it was taken.

Knows nothing about prompts or decisions.
"""

import os
from difflib import get_close_matches
from pathlib import Path

from agentic_lib.models.errors import LanguageModelError
from agentic_lib.models.taught import Taught, read_taught

PACKAGE = Path(__file__).parents[1]
BUNDLED = PACKAGE / "bundled_brain"
NAIVE = PACKAGE / "naive_brain"
WORDS = ("auto", "qwen", "bundled", "naive", "rules", "colab")


def find_model(model="auto", asked=None,
               **load) -> tuple[object, Taught, str]:
    """(model, what it was taught, why it was taken). A model of None means
    the rules.

    model  one of WORDS, a hub id, a folder, a server's address, or anything
           with a `generate`
    asked  how a server is asked: options, also, api_key, headers; see Server
    load   revision, local_files_only, device, dtype
    Raises LanguageModelError if a requested model is unavailable ("auto"
    always finds something), ValueError for what cannot name a model.
    """
    asked = asked or {}
    if not is_address(wish() if model == "auto" else model) and (
            asked.get("api_key") or asked.get("headers")):
        raise ValueError(
            "api_key= and headers= are for a server's address, such as "
            f"'http://localhost:8000/v1', and not for model={model!r}.")
    if hasattr(model, "generate") and not isinstance(model, type):
        return model, getattr(model, "taught", Taught()), ""
    check_name(model)
    if model == "auto":
        return find_automatically(asked, **load)
    if model == "rules":
        return None, Taught(), "no language model"
    if model == "bundled":
        return find_bundled("", **load)
    if model == "naive":
        return find_naive(**load)
    if is_address(model):
        from agentic_lib.models.server import Server

        server = Server(model, **asked)
        return server, server.taught, ""
    if model == "colab":
        from agentic_lib.models.colab import colab_model

        return colab_model(), Taught(), ""
    return load_model(model, "", **load)


def is_address(model) -> bool:
    return str(model).startswith(("http://", "https://"))


def wish() -> str:
    """The model that the environment names for "auto"."""
    return os.environ.get("AGENTIC_LIB_BRAIN", "").strip()


def check_name(model):
    """Raises a ValueError for what cannot be a model, and for a typo."""
    if isinstance(model, type):
        raise ValueError(
            f"model={model.__name__} is a class: pass an instance, such as "
            "LanguageModel.load(folder).")
    if not isinstance(model, (str, Path)) or not str(model).strip():
        raise ValueError(
            f"model={model!r} must be one of {', '.join(WORDS)}, a folder, a "
            "hub id, an address such as 'http://localhost:8000/v1', or a "
            "LanguageModel.")
    near = get_close_matches(str(model).strip().lower(), WORDS, 1, 0.75)
    if near and model not in WORDS and not Path(model).exists():
        raise ValueError(f"model={model!r} is unknown: did you mean "
                         f"{near[0]!r}?")


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


def find_bundled(why, **load):
    """The brain that ships with the package; the rules if it is missing."""
    if not (BUNDLED / "model.safetensors").is_file():
        missing = "this copy holds no bundled brain"
        return None, Taught(), f"{missing}; {why}" if why else missing
    return load_small(BUNDLED, "the bundled brain", why, **load)


def find_naive(**load):
    """The brain that was taught badly on purpose, for teaching."""
    if not (NAIVE / "model.safetensors").is_file():
        raise LanguageModelError(
            "model='naive': this copy of agentic_lib holds no naive_brain "
            "folder. Install it from its repository, or take "
            "model='bundled'.")
    return load_small(NAIVE, "the naive brain", "taught badly on purpose",
                      **load)


def load_small(folder, name, why, device=None, dtype=None, **_):
    """A brain of about a million weights, from the package.

    It runs on the CPU unless asked otherwise: with so few weights, the CPU is
    done before a GPU has even been told what to do.
    """
    found = load_model(folder, why, device=device or "cpu", dtype=dtype)
    found[0].name = name
    return found


def load_model(model, why, **load):
    """A language model from a folder or the hub."""
    from agentic_lib.models.language_model import LanguageModel
    from agentic_lib.models.loading import QWEN

    model = LanguageModel.load(QWEN if model == "qwen" else model, **load)
    return model, read_taught(model.folder), why
