"""The report: self-contained, and safe whatever a model writes."""

import base64
import hashlib
import math
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentic_lib.brain.decision import Decision, Metrics
from agentic_lib.run.record import Run
from agentic_lib.show import report
from agentic_lib.show.plots import alt_text
from agentic_lib.show.report import write_report


class Page(HTMLParser):
    """What a browser would see: tags with attributes, text by tag."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.texts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "input", "source"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else None, data))

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]

    def text(self, tag=None):
        return "".join(t for where, t in self.texts if tag in (None, where))


def make_run(**changes):
    run = Run(settings={"data": "digits", "brain": "rules",
                        "versions": {"torch": "2.15.0"}})
    run.metrics = [Metrics(e, 50, 40, learning_rate=0.01) for e in (1, 2)]
    values = {"action": "continue", "reason": "Both still rise.",
              "prompt": "Epoch: 1", "reply": "continue: Both still rise.",
              "epoch": 1, "old_lr": 0.01, "new_lr": 0.01}
    run.decisions = [Decision(**{**values, **changes})]
    return run


NO_PICTURE = [{"media": "", "source": "data:,"}]


@pytest.fixture
def no_picture(monkeypatch):
    """For tests of the text alone: drawing takes a second."""
    monkeypatch.setattr(report, "pictures", lambda *_: NO_PICTURE)


def page(run, tmp_path, compare=None):
    path = write_report(run, tmp_path / "report.html", compare)
    return Page(path.read_text(encoding="utf-8"))


def test_report_holds_figure_decisions_prompt_settings_and_test(tmp_path):
    run, constant = make_run(), make_run()
    constant.decisions = []
    run.test = {"test_acc": 94.0, "test_loss": 0.2}
    constant.test = {"test_acc": 61.0, "test_loss": 1.0}
    found = page(run, tmp_path, constant)
    assert found.open == []
    assert found.all("img")[0]["alt"] == alt_text(run, constant)
    assert "Test accuracy 94.0 % (constant rate: 61.0 %)" in found.text()
    for text in ("Both still rise.", "Epoch: 1", "versions torch", "2.15.0"):
        assert text in found.text()
    assert "open" not in found.all("details")[0]


def test_nothing_is_loaded_from_elsewhere(tmp_path):
    found = page(make_run(), tmp_path)
    addresses = [attrs.get("src") or attrs.get("srcset")
                 for tag in ("img", "source") for attrs in found.all(tag)]
    assert len(addresses) == 4
    assert all(a.startswith("data:image/svg+xml;base64,") for a in addresses)
    assert not found.all("link") and not found.all("iframe")


def test_policy_allows_this_script_and_style_and_no_other(tmp_path,
                                                           no_picture):
    found = page(make_run(), tmp_path)
    policy = next(attrs["content"] for attrs in found.all("meta")
                  if attrs.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    for tag in ("script", "style"):
        digest = hashlib.sha256(found.text(tag).encode()).digest()
        name = "sha256-" + base64.b64encode(digest).decode()
        assert rules[f"{tag}-src"] == f"'{name}'"


ATTACK = "</td></script><script>alert(1)</script><img src=x onerror=go()>"


@pytest.mark.parametrize("field", ["action", "reason", "prompt", "reply",
                                   "note"])
def test_what_a_model_writes_stays_text(field, tmp_path, no_picture):
    found = page(make_run(**{field: ATTACK}), tmp_path)
    assert len(found.all("script")) == 1 and len(found.all("img")) == 1
    assert ATTACK in found.text()


def test_settings_that_are_lists_read_as_text(tmp_path):
    run = make_run()
    run.settings["actions"] = [{"name": "continue", "factor": 1.0},
                               {"name": "reduce", "factor": 0.1 + 0.2}]
    run.settings["betas"] = (0.9, 0.999)
    shown = page(run, tmp_path).text()
    assert "name continue, factor 1\nname reduce, factor 0.3" in shown
    assert "0.9\n0.999" in shown


def test_settings_stay_text_too(tmp_path):
    run = make_run()
    run.settings = {"data": ATTACK, ATTACK: {"x": ATTACK}, "brain": ATTACK}
    found = page(run, tmp_path, compare=run)
    assert len(found.all("script")) == 1 and len(found.all("img")) == 1
    assert found.text().count(ATTACK) == 6


@settings(max_examples=100, deadline=None)
@given(text=st.text(min_size=1))
def test_any_text_comes_back_unchanged(text):
    run = make_run(reason=text)
    run.settings = {}
    found = Page(report.page(run, NO_PICTURE, "a caption"))
    assert [tag for tag, _ in found.tags].count("td") == 5
    plain = re.sub(r"\r\n?", "\n", text)
    assert plain in re.sub(r"\r\n?", "\n", found.text())


def test_what_cannot_be_encoded_is_replaced(tmp_path, no_picture):
    found = page(make_run(reply="reduce \ud800 继续"), tmp_path)
    assert "继续" in found.text()


def test_empty_and_diverged_runs_have_a_report(tmp_path):
    assert "no epoch" in page(Run(), tmp_path).text()
    run = make_run()
    run.metrics.append(Metrics(3, 10, 10, math.nan, math.inf))
    assert "diverged at epoch 3" in page(run, tmp_path).text()
