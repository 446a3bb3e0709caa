"""What a decision costs: `python -m agentic_lib bench`.

Makes a model of Qwen3-0.6B's true size with random weights from its config
(time and memory do not depend on the weights' values), and times the parts of
a decision, in turns, in one run. Prints a table in Markdown.
"""

import gc
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from agentic_lib.brain.decision import ACTIONS, Metrics, meanings
from agentic_lib.mechanics import checks
from agentic_lib.models.errors import LanguageModelError

WRITTEN = 25  # tokens of a generated decision
MANY = 32     # decisions scored in one batch
# ChatML with Qwen's switch: turning thinking off puts an empty block after the
# assistant's header.
CHATML = """\
{%- for message in messages -%}
<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}
<|im_start|>assistant
{% if enable_thinking is defined and enable_thinking is false -%}
<think>

</think>

{% endif -%}
{%- endif -%}"""


def add_arguments(parser):
    parser.add_argument("--model", help="time this folder or hub id instead "
                        "of random weights of Qwen3-0.6B's size")
    parser.add_argument("--device", help="cpu, cuda or mps; default: the best")
    parser.add_argument("--dtype", help="bfloat16, float16 or float32")
    parser.add_argument("--rounds", type=int, default=7,
                        help="how often each thing is timed (7)")
    parser.add_argument("--many", type=int, default=MANY,
                        help=f"decisions in the batch ({MANY})")


def run(args) -> list[dict]:
    """Measures, prints the table, and returns its rows.

    Raises ValueError or LanguageModelError naming the option that is wrong.
    """
    check_options(args)
    with tempfile.TemporaryDirectory() as folder:
        model = args.model
        if model is None:
            print("Making a model of Qwen3-0.6B's size ...", flush=True)
            model = make_model(folder)
        load = measure_load(model, args.device, args.dtype)
        rows, title = measure(
            model, args.device, args.dtype, args.rounds, args.many)
    print(title + "\n\n" + as_table([load, *rows]))
    return [load, *rows]


def check_options(args):
    """Finds what is wrong before anything is made or measured."""
    import torch

    from agentic_lib.models.loading import as_device, as_dtype, find_folder

    checks.count("--rounds", args.rounds)
    checks.count("--many", args.many)
    as_dtype(args.dtype)
    try:
        torch.empty(0, device=as_device(args.device))
    except (AssertionError, RuntimeError) as error:
        raise LanguageModelError(
            f"--device {args.device} cannot be used: "
            f"{str(error).splitlines()[0]}\nLeave --device out to take what "
            "suits this machine.") from error
    if args.model is not None:
        try:
            find_folder(args.model)
        except LanguageModelError as error:
            raise LanguageModelError(
                f"--model {args.model}: {error}\nWithout --model, bench "
                "makes a model of its own and downloads nothing.") from error


def make_model(folder, seed=0, **sizes) -> str:
    """Saves Qwen3-0.6B's architecture with random weights in bfloat16, and a
    small tokenizer that splits our prompts about as Qwen's does.

    sizes  fields of Qwen3Config that differ from Qwen3-0.6B's
    """
    import torch
    from transformers import Qwen3Config, Qwen3ForCausalLM

    tokenizer = make_tokenizer("\n".join(
        f"{m['role']}\n\n{m['content']}\nassistant\n\n"
        for h in histories(MANY) for m in ask(h)))
    config = Qwen3Config(**{
        "vocab_size": 151936, "hidden_size": 1024, "intermediate_size": 3072,
        "num_hidden_layers": 28, "num_attention_heads": 16,
        "num_key_value_heads": 8, "head_dim": 128, "rms_norm_eps": 1e-6,
        "max_position_embeddings": 40960, "tie_word_embeddings": True,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6},
        **sizes})
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        torch.manual_seed(seed)
        network = Qwen3ForCausalLM(config)
    finally:
        torch.set_default_dtype(usual)
    network.generation_config.eos_token_id = tokenizer.eos_token_id
    network.generation_config.pad_token_id = tokenizer.pad_token_id
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


def make_tokenizer(text, vocab_size=2000):
    """A byte-level BPE tokenizer taught on `text`, with a ChatML template.

    It cuts text where Qwen's does: before words, at each digit, around
    punctuation and line ends.
    """
    from tokenizers import (
        Regex,
        Tokenizer,
        decoders,
        models,
        pre_tokenizers,
        trainers,
    )
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(
            r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
            r"|\s*[\r\n]+|\s+(?!\S)|\s+"), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    names = "\n".join(action.name for action in ACTIONS)
    tokenizer.train_from_iterator(
        [text, *[names] * 9], trainers.BpeTrainer(
            vocab_size=vocab_size, show_progress=False,
            special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>",
        pad_token="<|endoftext|>", chat_template=CHATML)
    fast.add_tokens(["<think>", "</think>"])  # not special, as in Qwen's
    return fast


def histories(count) -> list[list[Metrics]]:
    """`count` runs of ten epochs that differ in their numbers."""
    return [[Metrics(
        epoch=epoch, total_epochs=60, learning_rate=0.01 * 0.9 ** i,
        train_acc=40 + i + 3 * epoch ** 0.5, train_loss=2 / (epoch + i / 9),
        val_acc=38 + i / 2 + 3 * epoch ** 0.5, val_loss=2.1 / (epoch + i / 9))
        for epoch in range(1, 11)] for i in range(count)]


def ask(history):
    from agentic_lib.brain.prompt import Prompt

    return Prompt().messages(history)


LOAD = """
import json, sys, threading, time
import accelerate, torch, psutil
import transformers.models.qwen3.modeling_qwen3
from agentic_lib.mechanics import checks
from agentic_lib.models.errors import LanguageModelError
from agentic_lib.models.language_model import LanguageModel
model, device, dtype = json.loads(sys.argv[1])
process, peak, done = psutil.Process(), [0], threading.Event()
def watch():
    while not done.wait(0.002):
        peak[0] = max(peak[0], process.memory_info().rss)
if device != "cpu" and torch.cuda.is_available():
    torch.empty(1, device="cuda")
before = process.memory_info().rss
threading.Thread(target=watch, daemon=True).start()
started = time.perf_counter()
try:
    found = LanguageModel.load(model, device=device, dtype=dtype)
except LanguageModelError as error:
    sys.exit(str(error))
seconds = time.perf_counter() - started
found.score([{"role": "user", "content": "Ready?"}], ["yes", "no"])
done.set()
gpu = (torch.cuda.max_memory_allocated() if found.device.type == "cuda" else 0)
weights = sum(p.numel() * p.element_size() for p in found.network.parameters())
print(json.dumps([seconds, max(peak[0] - before, gpu), weights]))
"""


def measure_load(model, device, dtype) -> dict:
    """Time and peak memory of loading and the first pass, in a process of
    its own; memory on top of what Python and torch took before."""
    answer = subprocess.run(
        [sys.executable, "-c", LOAD, json.dumps([model, device, dtype])],
        capture_output=True, text=True)
    if answer.returncode:
        told = answer.stderr.strip().splitlines() or [
            "its process was killed; the memory may be too small."]
        raise LanguageModelError(
            f"--model {model} cannot be timed with --device {device} and "
            f"--dtype {dtype}: {told[-1]}\nLeave --device and --dtype out to "
            "take what suits this machine.")
    seconds, peak, weights = json.loads(answer.stdout.splitlines()[-1])
    return {"what": "loading", "seconds": [seconds],
            "note": f"peak memory, first pass included: {peak / 1e9:.2f} GB, "
                    f"{peak / weights:.2f} times the weights"}


def measure(model, device, dtype, rounds, many=MANY):
    """(rows of the table, a title that names the machine)."""
    import torch

    from agentic_lib.brain.brain import SimpleAIBrain
    from agentic_lib.models.language_model import LanguageModel

    found = LanguageModel.load(model, device=device, dtype=dtype)
    brain = SimpleAIBrain(found, mode="score", explain=False,
                          both_orders=False, quiet=True)
    found.network.generation_config.min_new_tokens = WRITTEN
    things = list_things(brain, found, many)
    sync = (torch.cuda.synchronize if found.device.type == "cuda"
            else torch.mps.synchronize if found.device.type == "mps"
            else lambda: None)
    times = {name: [] for name in things}
    for turn in range(rounds + 1):  # in turns, so that noise hits all alike
        for name, (prepare, act, _) in things.items():
            given = prepare()
            gc.collect()
            sync()
            started = time.perf_counter()
            act(given)
            sync()
            if turn:  # the first is the warm-up
                times[name].append(time.perf_counter() - started)
    rows = [{"what": name, "seconds": times[name], "note": things[name][2]}
            for name in things]
    add_ratios(rows, many)
    return rows, f"{found.description}; {machine(found.device)}"


def list_things(brain, found, many) -> dict:
    """{name: (prepare, act on what was prepared, note)}."""
    import torch

    from agentic_lib.models.prefix import CACHE

    first, *_ = batch = histories(many)
    messages, names = ask(first), [action.name for action in ACTIONS]
    found.score(messages, names)  # keeps the prefix
    ids = found.tokens(messages)
    prefix = next(iter(found.prefixes.kept))
    new = torch.tensor([ids[len(prefix):]], device=found.device)
    whole = torch.tensor([ids], device=found.device)
    everything = list(found.network.parameters())

    @torch.inference_mode()
    def bare(cache):
        found.network(input_ids=new, use_cache=True, logits_to_keep=1,
                      **{CACHE: cache})

    @torch.inference_mode()
    def full(_):
        found.network(input_ids=whole, use_cache=False, logits_to_keep=1)

    @torch.inference_mode()
    def read(_):
        for weight in everything:  # looks at every byte, computes little
            weight.view(torch.int16 if weight.element_size() == 2
                        else torch.int32).max()

    def nothing():
        return None

    things = {
        f"bare pass over the {new.shape[1]} new tokens": (
            lambda: found.prefixes.get(list(prefix)), bare, ""),
        "scored decision": (
            nothing, lambda _: brain.decide_many([first]), ""),
        f"batch of {many} scored": (
            nothing, lambda _: brain.decide_many(batch), ""),
        f"decision of {WRITTEN} generated tokens": (
            nothing, lambda _: found.generate(
                messages, max_new_tokens=WRITTEN, until=lambda text: False),
            ""),
        f"full pass over all {whole.shape[1]} tokens": (nothing, full, ""),
        "reading the weights once": (nothing, read, "the device's floor"),
    }
    pipe = decision_pipeline(brain, found)
    if pipe is not None:
        things['pipeline("decision")'] = pipe
    return things


def decision_pipeline(brain, found):
    """transformers' own pipeline, on the same network with our template;
    None if this version of transformers has none."""
    try:
        from transformers.decision import DecisionConfig
        from transformers.pipelines import DecisionPipeline
    except ImportError:
        return None
    from agentic_lib.models.systemone import (
        decision_request,
        decision_template,
        first_labels,
    )

    options = meanings(brain.actions)
    config = DecisionConfig(
        labels={"choice": first_labels(found, sorted(options))},
        chat_template=decision_template(found, list(options)))
    pipe = DecisionPipeline(model=found.network, tokenizer=found.tokenizer,
                            decision_config=config)
    request = decision_request(ask(histories(1)[0]), options)
    return (lambda: None), (lambda _: pipe(request)), "with our template"


def add_ratios(rows, many):
    """Writes into the notes how each compares with the scored decision."""
    medians = {row["what"]: statistics.median(row["seconds"]) for row in rows}
    scored = medians["scored decision"]
    for row in rows:
        median, name = medians[row["what"]], row["what"]
        if name.startswith("bare"):
            row["note"] = f"a scored decision takes {scored / median:.2f} x it"
        elif name.startswith("batch"):
            row["note"] = f"{median / many * 1e3:.3g} ms a decision"
        elif name != "scored decision":
            row["note"] += (f"{'; ' if row['note'] else ''}"
                            f"{median / scored:.3g} x a scored decision")


def machine(device) -> str:
    """The machine's name, its threads, and the versions."""
    import torch
    import transformers

    name = (torch.cuda.get_device_name(device) if device.type == "cuda"
            else processor())
    threads = torch.get_num_threads()
    return (f"{name}, {threads} thread{'s' if threads > 1 else ''}, torch "
            f"{torch.__version__}, transformers {transformers.__version__}")


def processor() -> str:
    """The processor's name, as the system gives it."""
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.is_file() else ():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.processor() or platform.machine()


def as_table(rows) -> str:
    """Markdown: median and spread (quartiles) in milliseconds."""
    lines = ["| what | median, ms | quartiles, ms | |", "|---|---|---|---|"]
    for row in rows:
        ms = sorted(1e3 * s for s in row["seconds"])
        spread = ""
        if len(ms) > 1:
            low, _, high = statistics.quantiles(ms, method="inclusive")
            spread = f"{low:.4g} - {high:.4g}"
        lines.append(f"| {row['what']} | {statistics.median(ms):.4g} | "
                     f"{spread} | {row['note']} |")
    return "\n".join(lines)
