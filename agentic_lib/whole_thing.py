"""The whole thing on one page: a small language model steers a training run.

  metrics -> prompt -> language model -> reply -> parser -> optimizer
                                nothing usable -> rules --^

Run it: python agentic_lib/whole_thing.py. On a CUDA GPU Qwen3-0.6B writes its
reply; else the small brain beside this file scores the names, then says why.
"""

import re
from pathlib import Path

import torch
from torch import nn
from transformers import AutoModelForCausalLM, AutoTokenizer

QWEN = "Qwen/Qwen3-0.6B"
BUNDLED = Path(__file__).parent / "bundled_brain"
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
EPOCHS, EVERY = 60, 5

# name: (what the model is told, words that mean it, factor for the rate)
ACTIONS = {
    "continue": ("keep the learning rate as it is", "continue|carry on", 1),
    "reduce_learning_rate": (
        "multiply the learning rate by 0.7", "reduc|lower|decreas", 0.7),
    "increase_learning_rate": (
        "multiply the learning rate by 1.3", "increas|higher|rais", 1.3),
    "stop_training": (
        "end the training now and keep what was learned", "stop|halt", 1),
}


def make_prompt(train_acc, val_acc, epoch):
    """Metrics -> chat messages: instructions first, then three numbers."""
    options = "".join(f"- {name}: {meaning}\n"
                      for name, (meaning, _, _) in ACTIONS.items())
    system = (f"Choose one action for this training run.\n{options}"
              "Answer with the name of one action, a colon and a reason.")
    user = (f"Epoch: {epoch}\nTraining accuracy: {train_acc:.1f} %\n"
            f"Validation accuracy: {val_acc:.1f} %\nWhat should I do?")
    return [{"role": "system", "content": system},
            {"role": "user", "content": user}]


class SimpleAIBrain:
    """Metrics in, (action, reason, who decided) out."""

    def __init__(self, model=None):
        model = model or (QWEN if DEVICE == "cuda" else BUNDLED)
        self.picks = model == BUNDLED  # a name by its score, then the reason
        self.tokenizer = AutoTokenizer.from_pretrained(model)
        self.network = AutoModelForCausalLM.from_pretrained(model).to(DEVICE)

    def tokens(self, messages, start=""):
        """The chat as token ids, up to where the reply continues."""
        text = self.tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True,
            enable_thinking=False)
        return self.tokenizer(text + start, add_special_tokens=False,
                              return_tensors="pt").to(DEVICE)

    @torch.inference_mode()
    def likeliest(self, messages):
        """The name whose first token scores best as the reply's first."""
        scores = self.network(**self.tokens(messages)).logits[0]  # (n, words)
        return max(ACTIONS, key=lambda name: scores[-1, self.tokens(
            messages, name)["input_ids"][0, len(scores)]])

    def write(self, messages, start=""):
        """The model's one-line reply, which begins with `start`."""
        asked = self.tokens(messages, start)
        written = self.network.generate(
            **asked, do_sample=False, max_new_tokens=64,
            stop_strings="\n", tokenizer=self.tokenizer)
        return start + self.tokenizer.decode(
            written[0, asked["input_ids"].shape[1]:], skip_special_tokens=True)

    def think_about_training(self, train_acc, val_acc, epoch):
        messages = make_prompt(train_acc, val_acc, epoch)
        try:
            name = f"{self.likeliest(messages)}:" if self.picks else ""
            decision = parse_decision(self.write(messages, name))
        except Exception as error:  # whatever it does, training goes on
            print(f"The model failed: {error}")
            decision = None
        rules = fallback_decision(train_acc, val_acc, epoch)
        return (*decision, "model") if decision else (*rules, "rules")


def parse_decision(reply):
    """(action, reason), or None. Naive: see brain/parser.py for "not stop"."""
    named = re.match(rf"\W*({'|'.join(ACTIONS)})\b\W*(.*)", reply, re.I)
    if named:
        return named[1].lower(), named[2]
    meant = [name for name, (_, words, _) in ACTIONS.items()
             if re.search(words, reply, re.I)]
    return (meant[0], reply.strip()) if len(meant) == 1 else None


def fallback_decision(train_acc, val_acc, epoch):
    """The rules that decide when the model says nothing usable."""
    if train_acc - val_acc > 15:
        return "reduce_learning_rate", "The gap is big."
    if val_acc > 95:
        return "stop_training", "Validation accuracy is great."
    if train_acc * EVERY / epoch < 2:
        return "increase_learning_rate", "Learning is slow."
    return "continue", "Learning goes well."


def spirals(n, seed):
    """Points on three spiral arms, (n, 2), and each one's arm, (n,)."""
    random = torch.Generator().manual_seed(seed)
    arm = torch.randint(3, (n,), generator=random)
    radius = torch.rand(n, generator=random)
    noise = 0.25 * torch.randn(n, generator=random)
    angle = 5 * radius + 2 * torch.pi / 3 * arm + noise
    return torch.stack([radius * angle.sin(), radius * angle.cos()], 1), arm


def accuracy(network, inputs, labels):
    return 100 * (network(inputs).argmax(1) == labels).float().mean().item()


def train(brain, lr=0.02):
    """A run under the brain. It prints every decision and its reason."""
    torch.manual_seed(0)
    (x, y), validation, test = (spirals(600, seed) for seed in (1, 2, 3))
    network = nn.Sequential(nn.Linear(2, 99), nn.ReLU(), nn.Linear(99, 3))
    optimizer = torch.optim.SGD(network.parameters(), lr, momentum=0.9)
    for epoch in range(1, EPOCHS + 1):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(x[batch]), y[batch]).backward()
            optimizer.step()
        if epoch % EVERY or epoch == EPOCHS:
            continue
        seen = accuracy(network, x, y), accuracy(network, *validation)
        action, reason, source = brain.think_about_training(*seen, epoch)
        optimizer.param_groups[0]["lr"] = lr = lr * ACTIONS[action][2]
        print("epoch {}: training {:.1f} %, validation {:.1f} %".format(
            epoch, *seen), f"-> {action} ({source}) lr {lr:.3g}\n    {reason}")
        if action == "stop_training":
            break
    print(f"Test accuracy, read once: {accuracy(network, *test):.1f} %")


if __name__ == "__main__":
    train(SimpleAIBrain())
