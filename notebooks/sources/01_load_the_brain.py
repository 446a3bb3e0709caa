# %% [markdown]
# In notebook 00 the brain was a black box: numbers in, a decision out. Here we
# open the box, ask the language model inside it directly, and watch it write.
# After this notebook you can
#
# - load a small language model, and read the line that says what was loaded;
# - ask it a question, and say why it does or does not give the same answer
#   each time;
# - see what is really sent to it, with thinking on and off;
# - say what a reply costs in time, and what a model costs in memory.

# %%
#@title Run this: no progress bars, and the place of the small model
import torch
from transformers.utils import logging

from agentic_lib.models.which import BUNDLED

logging.disable_progress_bar()

# %% [markdown]
# ## A language model in a few lines
#
# This is all it takes: a tokenizer, a network, a message, a reply. The cell
# uses only torch and transformers. With a GPU it downloads Qwen3-0.6B from
# the hub. Without one it runs the same lines on the small model that ships
# with this series (`BUNDLED` is its folder), and says so.

# %%
from transformers import AutoModelForCausalLM, AutoTokenizer

gpu = torch.cuda.is_available()
name = "Qwen/Qwen3-0.6B" if gpu else BUNDLED
print("Qwen3-0.6B" if gpu else "No GPU: the small model of the package")

tokenizer = AutoTokenizer.from_pretrained(name)
network = AutoModelForCausalLM.from_pretrained(name, dtype="auto")
network.to("cuda" if gpu else "cpu")
# (enable_thinking and do_sample are explained further down)
messages = [{"role": "user", "content": "Training accuracy: 92 %\n"
             "Validation accuracy: 76 %\nWhich action?"}]
ids = tokenizer.apply_chat_template(
    messages, add_generation_prompt=True, enable_thinking=False,
    return_tensors="pt", return_dict=True).to(network.device)
out = network.generate(**ids, max_new_tokens=60, do_sample=False,
                       temperature=None, top_p=None, top_k=None)
print(tokenizer.decode(out[0, ids["input_ids"].shape[1]:]))

# %% [markdown]
# A model ends its reply with the mark `<|im_end|>` (if 60 tokens were enough).
# We did not even say which actions there are: the small model was taught them,
# but a general one has to guess. A reply may also contain a number that you did not give: a model
# writes whatever fits. We come back to this when we sample.
#
# What can go wrong here? No internet connection, not enough memory on the GPU,
# numbers that are not finite, a reply that never ends. The library does what
# this cell does, and handles these errors.

# %%
from agentic_lib import SimpleAIBrain

#@markdown "auto": Qwen3-0.6B if there is a GPU, else the bundled brain
brain_name = "auto"  #@param ["auto", "bundled", "qwen", "colab", "rules"]
brain = SimpleAIBrain(brain_name)

# %% [markdown]
# ## The line that names the brain
#
# Whatever happens later, this line says which brain answers, and why that one:
#
# | it says | what answers |
# |---|---|
# | `Qwen/Qwen3-0.6B, 596 million weights, cuda, float16 ...` | the general model, on a GPU |
# | `the bundled brain, ...` | a model of 0.7 million weights that ships with the package; it knows one task |
# | `... at https://...` | with `"colab"`: Colab's own model, on a Google server |
# | `the rules` | a few lines of Python, no language model at all |
#
# **You are in Colab and have no GPU?** Choose *Runtime > Change runtime type*
# and T4. If Colab says that none is available, look under *Runtime > Manage
# sessions* and close any other GPU session: most accounts may hold only one at
# a time. If all GPUs are taken, try again later. You can also continue right
# now: everything in this notebook runs on the bundled brain. (Qwen works on a
# CPU too, but slowly: choose `"qwen"`. This downloads more than a gigabyte.)
#
# If you name a model that cannot be loaded, you get an error that says why:

# %% tags=["nbval-check-output"]
from agentic_lib.models.loading import LanguageModelError

try:
    SimpleAIBrain("somebody/no-such-model", local_files_only=True)
except LanguageModelError as error:
    print(error)

# %% [markdown]
# With `"auto"` it is not an error if Qwen cannot be loaded: the bundled brain
# answers instead, and the line says why.

# %%
#@title A stand-in, if the brain has no weights to look at (run this)
import tempfile

if not hasattr(brain.model, "network"):
    from agentic_lib.lab.bench import make_model

    folder = make_model(tempfile.mkdtemp(), seed=3, hidden_size=64,
                        head_dim=16, intermediate_size=128,
                        num_hidden_layers=2, vocab_size=4000)
    brain = SimpleAIBrain(folder, quiet=True)
    brain.model.name = "an untrained network"
    print("This notebook looks inside a language model, and the brain\n"
          "that you chose has none here. A network that was never taught\n"
          "takes its place: its replies are noise, the rest is real.")
model = brain.model
print("Looking at:", model.description)

# %% [markdown]
# ## Ask it
#
# A chat model takes a list of **messages**, each with a role. `on_text` gets
# each piece of the reply as it is written. `until` decides when the reply is
# complete. Here that is never, so the reply ends at the model's own end mark,
# or after `max_new_tokens`.

# %%
def ask(messages, **options):
    """Asks, and shows the reply while it is written."""
    reply = model.generate(
        messages, on_text=lambda piece: print(piece, end="", flush=True),
        **options)
    print()
    return reply


question = [{"role": "user", "content": "What is a learning rate?"}]
reply = ask(question, max_new_tokens=60, until=lambda text: False)

# %% [markdown]
# Is that a good answer? A general model has read about learning rates. The
# bundled brain has only ever seen one kind of prompt, and answers everything
# as if it were such a prompt. To use a model well, you have to know what it
# was taught.
#
# Now ask with the prompt that the brain was made for: the metrics of a real
# run, in the library's words. (The text that the brain reads before a decision
# is its **prompt**. Notebook 02 takes this one apart.)

# %%
from agentic_lib import Prompt, train

run = train("digits", None, lr=0.3, epochs=30)  # None: nobody decides
messages = Prompt().messages(run.metrics[:15])
print(messages[-1]["content"], end="\n\n")
reply = ask(messages)

# %% [markdown]
# ## The same by hand
#
# What does the library's `generate` do? In essence, it writes the messages as
# one text, cuts the text into **tokens** (pieces from a fixed list, each with
# a number), lets the network write more tokens, and turns them back into text.

# %%
tokenizer, network = model.tokenizer, model.network

text = tokenizer.apply_chat_template(
    messages, tokenize=False, add_generation_prompt=True,
    enable_thinking=False)
ids = tokenizer(text, return_tensors="pt",
                add_special_tokens=False).to(network.device)
with torch.inference_mode():
    out = network.generate(
        **ids, do_sample=False, max_new_tokens=64, temperature=None,
        top_p=None, top_k=None, pad_token_id=tokenizer.pad_token_id)
n = ids["input_ids"].shape[1]
written = tokenizer.decode(out[0, n:], skip_special_tokens=True)

print(f"{n} tokens went in, {out.shape[1] - n} came out.")
print("By hand:    ", written.strip().splitlines()[:1])
print("The library:", reply.strip().splitlines()[:1])

# %% [markdown]
# The library's version does the same and adds what a training run needs. It
# stops as soon as the answer is complete. It limits the number of tokens and
# the time. It tells you if the network's numbers are nan or infinite. And it
# leaves the random numbers of your training alone.
#
# ### Exercise: write without `generate`
#
# One level deeper: the network itself does only one thing. After every token
# of a text it gives a number, a **logit**, to each token of its list. The
# highest logit belongs to the token that it finds most likely to come
# **next**. Writing is a loop around this. Write that loop: always take the
# likeliest token, `steps` times, and return only the new tokens.

# %% tags=["exercise"]
def write(network, ids, steps):
    """`steps` new token ids that follow the list `ids`."""
    new = []
    for _ in range(steps):
        text = torch.tensor([ids + new], device=network.device)
        logits = network(input_ids=text).logits  # (1, tokens, vocabulary)
        new.append(0)  # your code: the likeliest next token
    return new

# %% tags=["check"]
from agentic_lib.course import exercises

exercises.write_without_generate(write)

# %% tags=["solution"]
def write(network, ids, steps):
    new = []
    for _ in range(steps):
        text = torch.tensor([ids + new], device=network.device)
        logits = network(input_ids=text).logits  # (1, tokens, vocabulary)
        new.append(logits[0, -1].argmax().item())
    return new

# %%
with torch.inference_mode():
    new = write(network, model.tokens(messages), steps=12)
print("Yours:      ", repr(tokenizer.decode(new)) if any(new) else
      "nothing yet: the stub always takes token 0")
print("The library:", repr(tokenizer.decode(out[0, n:n + 12])))

# %% [markdown]
# ## Ask it five times
#
# **Guess first:** the same prompt, five times. How many different replies?

# %% tags=["hidden-result"]
guess = 0  #@param {type:"integer"}

replies = [model.generate(messages) for _ in range(5)]
print("Different replies:", len(set(replies)), "- your guess:", guess)

# %% [markdown]
# The library draws nothing at random here: the same prompt gives the same
# reply. (Another machine may give a different reply, because a sum of
# floating-point numbers depends on the order in which they are added.)
#
# Chat programs do draw at random. This is called **sampling**: each token is
# drawn according to its probability. Four settings decide what can be drawn. A
# model's folder may come with its own values for them, so set all four:
#
# - `do_sample`: draw, instead of taking the likeliest token;
# - `temperature`: below 1 the likely tokens become likelier, above 1 the
#   others do;
# - `top_k`: only the k likeliest tokens can be drawn (0: all of them);
# - `top_p`: only the likeliest tokens that together have this probability can
#   be drawn (1: all).
#
# To see this clearly, we ask a second small model from the package, the
# **naive brain**. It was taught badly on purpose. We ask it at the moment of
# the run at which it is least sure. **Guess first:** will it write only
# numbers that are in its prompt?

# %%
import re
import textwrap

naive = SimpleAIBrain("naive", quiet=True)
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def sampled(seed, who, messages, temperature=1.0, top_k=0, top_p=1.0):
    """One reply, drawn at random from this seed."""
    torch.manual_seed(seed)
    ids = torch.tensor([who.tokens(messages)], device=who.device)
    with torch.inference_mode():
        drawn = who.network.generate(
            ids, attention_mask=torch.ones_like(ids), do_sample=True,
            temperature=temperature, top_k=top_k, top_p=top_p,
            max_new_tokens=32, pad_token_id=who.tokenizer.pad_token_id)
    return who.tokenizer.decode(drawn[0, ids.shape[1]:],
                                skip_special_tokens=True).strip()

# %%
def sureness(epoch):
    """The probability of the naive brain's favourite at this epoch."""
    return max(naive.probabilities([run.metrics[:epoch]])[0].values())


moment = min(range(5, 30), key=sureness)
doubtful = Prompt().messages(run.metrics[:moment])
print(doubtful[-1]["content"], end="\n\n")
known = NUMBER.findall(doubtful[-1]["content"])
for settings in ({"temperature": 1.0}, {"temperature": 2.0},
                 {"temperature": 1.0, "top_p": 0.5}):
    found = [sampled(seed, naive.model, doubtful, **settings)
             for seed in range(5)]
    print(settings, "different replies:", len(set(found)))
    for reply in dict.fromkeys(found):
        print(textwrap.fill(reply, 76, initial_indent="  - ",
                            subsequent_indent="    "))
        if new := set(NUMBER.findall(reply)) - set(known):
            print("    Not in the prompt:", ", ".join(sorted(new)))

# %% [markdown]
# With `top_p` at a half, a single token is often all that is left to draw
# from, so fewer of the replies differ. And a number in a reply is a token like
# any other: the model writes what fits, whether or not the number was in the
# prompt. Notebook 02 counts how often that happens.
#
# How does the **temperature** work? The logits are divided by it before they
# become probabilities. Here are the likeliest first tokens of the reply, at
# four temperatures. **Guess first:** at which temperature would several draws
# differ most?

# %%
#@title Run this: it draws the first token at four temperatures
import matplotlib.pyplot as plt

from agentic_lib.course.notebook import show

with torch.inference_mode():
    text = torch.tensor([naive.model.tokens(doubtful)],
                        device=naive.model.device)
    logits = naive.model.network(input_ids=text).logits[0, -1].float().cpu()

temperatures = (0.3, 0.7, 1.0, 2.0)
top = logits.topk(5).indices
figure, axes = plt.subplots(1, 4, figsize=(7.5, 2.2), sharey=True,
                            layout="constrained")
for ax, temperature in zip(axes, temperatures):
    chances = (logits / temperature).softmax(0)[top]
    ax.barh(range(5), chances.tolist(), color="#0072B2")
    ax.set(xlim=(0, 1), xlabel="probability")
    ax.set_title(f"temperature {temperature}", fontsize=9)
# Some tokens are long: the first letters will do.
axes[0].set_yticks(range(5), [repr(naive.model.tokenizer.decode([i])[:24])
                              for i in top])
axes[0].invert_yaxis()
show(figure, alt="Probability of the five likeliest first tokens "
     "at four temperatures: the higher the temperature, the more even.")

# %% [markdown]
# The higher the temperature, the more even the bars, and the more the draws
# differ. At 2, a good part of the probability lies on tokens outside the
# picture, which is why the replies above fell apart most at this temperature.
#
# ### Exercise: do its samples agree?
#
# If each draw gives a different decision, one draw is not worth much. Write
# `agreement`: ask with the seeds 0 to `times - 1` and return the share of all
# replies that name the most frequent action. A reply that cannot be read
# agrees with no other, but still counts as a reply; if none can be read, the
# share is 0. `ask(seed)` gives a reply (it is the function's argument, not the
# `ask` you used before). `parse_decision(reply)` gives a decision with an
# `.action`, or `None` (notebook 03 shows how it reads a reply).

# %% tags=["exercise"]
from collections import Counter

from agentic_lib import parse_decision


def agreement(ask, times):
    replies = [ask(seed) for seed in range(times)]
    # Your code: parse them, count the actions, return a share.
    return None

# %% tags=["check"]
exercises.agreement(agreement)

# %% tags=["solution"]
def agreement(ask, times):
    decisions = [parse_decision(ask(seed)) for seed in range(times)]
    counts = Counter(d.action for d in decisions if d is not None)
    return max(counts.values(), default=0) / times

# %%
for who, name in ((model, model.name), (naive.model, "the naive brain")):
    share = agreement(
        lambda seed, who=who: sampled(seed, who, doubtful), times=10)
    print(f"{name}, ten samples:", "when your function returns a number, "
          "it is used here" if share is None else f"{share:.0%} agree")

# %% [markdown]
# Asking several times and taking the majority is a known way to get better
# answers, at several times the cost. Notebook 04 gets the whole distribution
# from a single pass instead.
#
# ## What is really sent
#
# The network reads one long text. A **chat template**, which comes with the
# model, writes the messages into this text, with marks between them. **Guess
# first:** how does the text end, so that the model knows that it is its turn?

# %%
print(model.render(messages))

# %% [markdown]
# `<|im_start|>` and `<|im_end|>` are one token each. After the last message
# comes the mark that opens the assistant's turn. Nothing has been said in that
# turn yet, so the most likely continuation is a reply. (If your text ends with
# `<think>` and `</think>`: they are explained next.)
#
# Some models, Qwen3 among them, can **think** first: they write notes between
# `<think>` and `</think>`, and then the answer. How is thinking switched off?
# Look at the ends of both texts:

# %%
for thinking in (True, False):
    end = model.render(messages, thinking=thinking)[-50:]
    print(f"thinking={thinking!s:5}  ...{end!r}")

# %% [markdown]
# With thinking off, the template writes an *empty* block of thoughts on the
# model's behalf. So the model continues as if it had already thought, and
# answers. The next cell asks with thinking on, and counts the tokens. (Only
# Qwen will think: the small model was not taught to.)

# %%
import time

room = 600 if model.device.type == "cuda" else 60
started = time.perf_counter()
reply = model.generate(messages, thinking=True, max_new_tokens=room)
seconds = time.perf_counter() - started
thoughts, closed, answer = reply.rpartition("</think>")
count = len(tokenizer(reply)["input_ids"])
print(reply[:600] + (" ..." if len(reply) > 600 else ""))
print(f"\n{count} tokens in {seconds:.2f} s.")
if closed:
    print("The thoughts are over; the answer is:", answer.strip()[:100])
elif "<think>" in reply:
    print("It was still thinking when the room was used up: no answer.")
else:
    print("It wrote no thoughts: this model was not taught to.")

# %% [markdown]
# If your model did think, compare the number of tokens with that of the reply
# without thoughts. Each token is a pass through the network, so the brain
# skips thinking (`thinking=False`) unless you ask for it.
#
# ## The real one, on a GPU
#
# A command asks Qwen3-0.6B three questions, the last one with thinking on, and
# records the answers. The next cell shows the newest recording. If there is
# none yet, the cell says so and names the command.

# %%
from agentic_lib.course.record_chat import recorded

print(recorded())

# %% [markdown]
# ## Time it
#
# A reply is written token by token, and each token is one pass through the
# network. Scoring (notebook 04) writes nothing: a single pass says how
# probable each of the four names is as the reply. **Guess first:** how many
# times longer does the written reply take?

# %%
def median_time(function, repeats=5):
    """Seconds of the median call; a first one, to warm up, is left out."""
    function()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        function()
        times.append(time.perf_counter() - started)
    return sorted(times)[repeats // 2]


names = [action.name for action in brain.actions]
reply = model.generate(messages)
tokens = len(tokenizer(reply)["input_ids"])
writing = median_time(lambda: model.generate(messages))
scoring = median_time(lambda: model.score(messages, names))
print(f"written reply ({tokens} tokens): {1000 * writing:7.1f} ms, "
      f"{1000 * writing / tokens:.1f} ms a token")
print(f"four names scored in one pass: {1000 * scoring:7.1f} ms")
print(f"ratio: {writing / scoring:.1f}")
print("Measured on:", model.device.type, "-", model.name)

# %% [markdown]
# Why is the ratio smaller than the number of tokens? Both ways begin with the
# same work: one pass over the prompt. Its results are kept, so each further
# token of the written reply takes a pass over only one token, which is
# cheaper. (Your `write` keeps nothing: it computes the whole text again for
# each token.)
#
# Only your own numbers count. They depend on the machine, on what else runs on
# it, and on the length of the reply. (A GPU keeps working while Python moves
# on. Here each call ends by fetching its result, so the timing is honest.)
#
# ## What loading takes
#
# A model is a folder: `config.json` says how large each part is,
# `model.safetensors` holds the **weights**, and the rest is the tokenizer and
# the chat template. By hand, loading takes two lines:

# %%
from transformers import AutoModelForCausalLM, AutoTokenizer

by_hand = AutoModelForCausalLM.from_pretrained(model.folder)
AutoTokenizer.from_pretrained(model.folder)
print(type(by_hand).__name__, f"{by_hand.num_parameters():,} weights")
print("As the library loaded it:", f"{network.num_parameters():,} weights")
del by_hand

# %% [markdown]
# What does the library add? It finds or downloads the folder at a **pinned
# revision**, so that everybody gets the same weights. It takes weights only
# from `safetensors` and never runs code that comes with a model. And it
# chooses where to compute and in which **number format**.
#
# A number format (`dtype`) says how many bits a weight gets. The size of
# Qwen3-0.6B can be computed without loading it: on torch's `meta` device,
# tensors have a shape but no content.

# %%
from transformers import Qwen3Config, Qwen3ForCausalLM

config = Qwen3Config(
    vocab_size=151_936, hidden_size=1024, intermediate_size=3072,
    num_hidden_layers=28, num_attention_heads=16, num_key_value_heads=8,
    head_dim=128, tie_word_embeddings=True)
with torch.device("meta"):
    counted = Qwen3ForCausalLM(config)

print(f"{'':14}{'weights':>14}{'32 bits':>12}{'16 bits':>12}")
for name, net in (("Qwen3-0.6B", counted), ("this model", network)):
    count = net.num_parameters()
    print(f"{name:14}{count:14,}{4 * count / 1e6:9.1f} MB"
          f"{2 * count / 1e6:9.1f} MB")

# %% [markdown]
# There are two 16-bit formats. **float16** is finer but ends at 65,504: a
# larger number becomes infinite. **bfloat16** is coarser but reaches as far as
# float32. Colab's free GPU, a T4, computes float16 in hardware but only
# emulates bfloat16, although `torch.cuda.is_bf16_supported()` returns True. So
# the library looks at the GPU's generation instead, and checks on the first
# prompt that float16 gives finite numbers.
#
# **Guess first:** does the number format change the decision?

# %%
from agentic_lib import LanguageModel
from agentic_lib.brain.scoring import softmax

print(f"{'':10}{'MB':>8}{'largest':>10}  probabilities of the four names")
for dtype in ("float32", "bfloat16", "float16"):
    other = LanguageModel.load(model.folder, dtype=dtype,
                               device=model.device)
    chances = softmax(other.score(messages, names))
    size = sum(w.numel() * w.element_size()
               for w in other.network.parameters()) / 1e6
    largest = torch.finfo(getattr(torch, dtype)).max
    print(f"{dtype:10}{size:8.1f}{largest:10.2g}  "
          + "  ".join(f"{name.split('_')[0]} {p:.4f}"
                      for name, p in chances.items()))
    del other

# %% [markdown]
# Small differences, and half the memory. The decision changes only if two
# actions are nearly tied: one more reason why two machines may disagree.

# %%
print("The brain runs in", str(model.dtype).removeprefix("torch."),
      "-", model.why)
print("Revision:", model.revision or "none: it is a folder, not a download")

# %% [markdown]
# ## Summary
#
# - One line names the brain and says why it was chosen. If Qwen is not
#   available, the bundled brain answers, and the line says so.
# - The model reads one text, made by its chat template, and writes token by
#   token. Without sampling, the same prompt gives the same reply.
# - Thinking is a block of text before the answer. An empty block switches
#   thinking off.
# - Time grows with the number of tokens written, memory with the number of
#   weights times the bytes per weight.
#
# **Three questions**
#
# 1. A reply of 25 tokens took 500 ms. About how long would one of 50 take?
#    <details><summary>Answer</summary>About a second: each token takes a
#    pass. Probably a little less, since the pass over the prompt comes only
#    once.</details>
# 2. A colleague's run made a different decision from yours at epoch 10, with
#    the same seed and without sampling. Is something broken?
#    <details><summary>Answer</summary>Not necessarily. Another GPU or number
#    format adds numbers up in another order, both in the model and in the
#    training that the model looks at. If two actions were nearly tied, that is
#    enough.</details>
# 3. A model has 8 billion weights. How much memory do they take in 16 bits,
#    and do they fit on a GPU with 16 GB?
#    <details><summary>Answer</summary>8 billion times 2 bytes is 16 GB. They
#    do not fit: what the network computes while it reads needs memory as
#    well.</details>
