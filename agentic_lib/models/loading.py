"""Where a language model comes from and where it runs.

Finds or downloads the model's folder, chooses device and number format, and
explains what went wrong and what to do. Knows nothing about asking the model.
"""

import errno
import json
import os
import re
import time
from contextlib import contextmanager
from pathlib import Path

import torch
from transformers.utils import logging

from agentic_lib.messages import say
from agentic_lib.models.errors import LanguageModelError

QWEN = "Qwen/Qwen3-0.6B"
QWEN_REVISION = "c1899de289a04d12100db370d81485cdf75e47ca"
COMMIT = re.compile("[0-9a-f]{40}")
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "vocab.txt")
FILES = ["*.json", "*.safetensors", "*.txt", "*.jinja", "*.model"]


BUSY = (429, 500, 502, 503, 504)
WAITS = (1, 3)  # seconds before a busy hub is asked again


def find_folder(model, revision=None, local_files_only=False) -> Path:
    """The folder with the model's files, downloaded first if needed.

    model     a folder, or an id on the Hugging Face hub such as "Qwen/..."
    revision  a branch, tag or commit; None is the pinned commit for Qwen3-0.6B
              and the newest for others
    Raises LanguageModelError saying what to do.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        check_config(folder)
        return folder
    if not looks_like_hub_id(str(model)):
        raise LanguageModelError(
            f"model={str(model)!r} is neither a folder on this machine nor an "
            "id on the Hugging Face hub, such as 'Qwen/Qwen3-0.6B'.")
    revision = revision or pinned(model)
    cached = in_cache(model, revision)
    # A commit never changes: a cached copy is right, online or not.
    if cached and (local_files_only or COMMIT.fullmatch(revision or "")):
        return cached
    if local_files_only:
        raise LanguageModelError(
            f"{model} (revision {revision or 'main'}) is not complete in the "
            "local cache, and local_files_only=True forbids a download.")
    return download(model, revision, cached)


def check_config(folder):
    """Raises LanguageModelError if `folder` cannot be a model's folder."""
    if not (folder / "config.json").is_file():
        raise LanguageModelError(
            f"model={str(folder)!r} is a folder without config.json, so it "
            "holds no language model. Pass the folder that save_pretrained "
            "wrote, or an id on the Hugging Face hub, such as "
            "'Qwen/Qwen3-0.6B'.")


def in_cache(model, revision) -> Path | None:
    """The model's folder in the hub's local cache, if it is complete."""
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(
            str(model), revision=revision, local_files_only=True,
            allow_patterns=FILES, ignore_patterns=["*/*"]))
    except Exception:  # each version of the client raises its own
        return None
    return folder if complete(folder) else None


def complete(folder) -> bool:
    """True when config, tokenizer and all weights are there."""
    index = folder / "model.safetensors.index.json"
    weights = ["model.safetensors"]
    if index.is_file():
        weights = set(json.loads(index.read_text())["weight_map"].values())
    return (all((folder / name).is_file() for name in ["config.json",
                                                       *weights])
            and any((folder / name).is_file() for name in TOKENIZERS))


def download(model, revision, cached) -> Path:
    """Fetches what is missing; returns `cached` if the hub is unreachable."""
    from huggingface_hub import snapshot_download

    # False, not None: no search for a token, no warning that none is set.
    token = os.environ.get("HF_TOKEN") or False
    try:
        knock(model, revision, token)
        if cached is None:
            say(f"Downloading {model} from the Hugging Face hub.")
        folder = Path(snapshot_download(
            str(model), revision=revision, allow_patterns=FILES,
            ignore_patterns=["*/*"], token=token))
    except Exception as error:
        if cached is not None:
            return cached
        raise LanguageModelError(
            f"{model} could not be fetched: {advice(error)}") from error
    if not complete(folder):
        raise LanguageModelError(
            f"{model} lacks config.json, a tokenizer or model.safetensors. "
            "Weights in other formats are not loaded: they can hold code.")
    return folder


def knock(model, revision, token):
    """Asks the hub if it has the model, before the download begins.

    Raises at once what the download would raise only after half a minute of
    retries. A busy hub is asked again.
    """
    from huggingface_hub import HfApi

    for wait in (*WAITS, None):
        try:
            HfApi(token=token).model_info(
                str(model), revision=revision, timeout=10)
            return
        except Exception as error:
            if status_of(error) not in BUSY or wait is None:
                raise
        time.sleep(wait)


def looks_like_hub_id(name) -> bool:
    """True for 'owner/name' and for a bare name such as 'gpt2'."""
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(name)
    except HFValidationError:
        return False
    return not name.startswith((".", "~"))


def pinned(model) -> str | None:
    """The revision to take if the user names none."""
    return QWEN_REVISION if str(model) == QWEN else None


def causes(error):
    """The error, what caused it, what caused that, and so on."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def status_of(error) -> int:
    """The HTTP status that caused an error, 0 if none did."""
    for item in causes(error):
        status = getattr(getattr(item, "response", None), "status_code", 0)
        if status:
            return status
    return 0


STATUS = {
    401: "the hub wants a login (401): the model is private, gated or does "
         "not exist. Check its name; for a gated one set HF_TOKEN.",
    403: "the hub refuses access (403): accept the model's terms on its page "
         "and set HF_TOKEN.",
    404: "the hub has no such model or revision (404). Check the name.",
    429: "the hub says that too many requests come from this address (429). "
         "Wait some minutes and try again.",
}
# (beginnings of words in the error's text, in lower case; what to tell the
# user). The first match wins.
TEXTS = [
    (("ssl: unexpected_eof", "ssleoferror", "sslzeroreturn"),
     "the encrypted connection (TLS) to the hub broke off, which is a fault "
     "of the network. Try again, use another network, or take "
     "model='bundled' or 'rules': they need none."),
    (("ssl", "certificate"),
     "the encrypted connection (TLS) to the hub cannot be trusted; often a "
     "proxy is in between. Ask whoever runs it for its certificate and set "
     "SSL_CERT_FILE to it, or use another network."),
    (("outofmemory", "out of memory", "memoryerror", "allocate memory",
      "not enough memory", "os error 12)"),
     "there is not enough memory. Close other programs or notebooks, or take "
     "a smaller model."),
    (("does not recognize this architecture", "unrecognized model",
      "unrecognized configuration", "should have a `model_type`"),
     "this transformers does not know the model's architecture. Take another "
     "model, or a newer transformers (pip install -U transformers, then "
     "restart Python)."),
    (("safetensor", "headertoolarge", "deserializing header", "no file named"),
     "its weights file is damaged or missing. Save the model again; if "
     "it was downloaded, delete its folder and try again."),
    (("peer closed", "incompleteread", "consistency check", "readerror",
      "readtimeout", "remoteprotocol", "connection reset", "connectionreset"),
     "the download broke off, and attempts to resume it failed. Try again "
     "when the network is better: files that are complete are kept."),
    (("connecterror", "connection", "connecttimeout", "proxyerror", "offline",
      "localentrynotfound", "name resolution"),
     "no connection to the hub, and the model is not in the local cache. "
     "Check the network, or take model='bundled' or 'rules': they need none."),
]
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


PATH = re.compile(r"\S*[/\\]\S*")


def advice(error, folder=None) -> str:
    """What went wrong and what to do about it, in words for a learner.

    folder  the model's folder; its name is ignored, since it says nothing
            about the error
    """
    status = status_of(error)
    if status in STATUS:
        return STATUS[status]
    if status >= 500:
        return (f"the hub itself has a problem ({status}). Try again in "
                "some minutes.")
    chain = list(causes(error))
    if any(getattr(item, "errno", None) in FULL for item in chain):
        return ("the disk is full, or a quota is used up. Free some space, or "
                "set HF_HOME to a folder on a larger disk.")
    text = " ".join(f"{type(e).__name__}: {e}" for e in chain)
    if folder:
        text = text.replace(str(folder), " ")
    text = PATH.sub(" ", text).lower()
    for marks, told in TEXTS:
        if re.search(rf"\b(?:{'|'.join(map(re.escape, marks))})", text):
            return told
    first = (str(error).splitlines() or [""])[0][:200]
    return f"{type(error).__name__}: {first}"


def as_device(device=None) -> torch.device:
    """`device` if given, else CUDA, else Apple's MPS, else the CPU."""
    try:
        if device is not None:
            return torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"device={device!r} is unknown: pass 'cuda', 'mps' or 'cpu'."
        ) from error
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def as_dtype(dtype) -> torch.dtype | None:
    """'float32' or torch.float32 as torch.float32; None stays None."""
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if dtype is not None and not isinstance(found, torch.dtype):
        raise ValueError(
            f"dtype={dtype!r} is not a number format: pass 'bfloat16', "
            "'float16' or 'float32'.")
    return found


def choose_dtype(device, saved, dtype=None) -> tuple[torch.dtype, str]:
    """The number format to load in, and the reason in a few words.

    saved  the torch.dtype of the model's file; 16-bit weights stay 16-bit,
           in the format that the device computes in
    """
    if dtype is not None:
        return dtype, "as asked for"
    if saved not in (torch.bfloat16, torch.float16):
        return torch.float32, "as its weights are stored"
    if device.type == "cuda":
        # On a T4, is_bf16_supported() is True, but bfloat16 is emulated.
        if torch.cuda.get_device_capability(device) >= (8, 0):
            return torch.bfloat16, "16 bits; this GPU computes bfloat16"
        return torch.float16, "16 bits; this GPU has no bfloat16 of its own"
    if device.type == "mps":
        return torch.float16, "16 bits, Apple's GPU"
    return torch.bfloat16, "16 bits, half the memory of float32"


def saved_dtype(config) -> torch.dtype:
    """The number format that a model's config names; float32 if none."""
    dtype = getattr(config, "dtype", None) or torch.float32
    return getattr(torch, dtype) if isinstance(dtype, str) else dtype


def load(folder, device, dtype=None):
    """(network, tokenizer, the reason for its number format)."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    try:
        with quietly():
            config = AutoConfig.from_pretrained(folder)
            dtype, why = choose_dtype(device, saved_dtype(config), dtype)
            network = AutoModelForCausalLM.from_pretrained(
                folder, config=config, dtype=dtype, use_safetensors=True,
                device_map=str(device))
            return network, AutoTokenizer.from_pretrained(folder), why
    except Exception as error:
        told = advice(error, folder)
        raise LanguageModelError(
            f"{folder} could not be loaded: {told}") from error


@torch.inference_mode()
def overflows(network, ids) -> bool:
    """True when the network's logits for these token ids are not finite."""
    ids = torch.tensor([ids], device=network.device)
    return not network(input_ids=ids).logits.isfinite().all()


@contextmanager
def quietly():
    """Hides the progress bar, and leaves everybody's random numbers alone.

    Loading takes seconds and needs no bar.
    """
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        with torch.random.fork_rng([]):
            yield
    finally:
        if shown:
            logging.enable_progress_bar()
