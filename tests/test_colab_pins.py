"""Colab's pins are renewed from a pip freeze in both of its spellings."""

import importlib.util
from pathlib import Path

import pytest

spec = importlib.util.spec_from_file_location(
    "colab_pins",
    Path(__file__).parents[1] / "notebooks" / "colab_pins.py")
colab_pins = importlib.util.module_from_spec(spec)
spec.loader.exec_module(colab_pins)

FREEZE = """# generated
numpy==2.3.0
scikit_learn==1.8.1
torch @ https://example.org/cpu/torch-2.12.1%2Bcpu-cp313-linux_x86_64.whl
unknown @ file:///somewhere/unknown
"""


def test_versions_are_renewed_and_the_list_stays():
    pins = "# old\ntorch==2.11.0\nscikit-learn==1.6.1\nnumpy==2.1.3\n"
    lines = colab_pins.renewed(pins, FREEZE, "2027-01-31").splitlines()
    assert "2027-01-31" in lines[0]
    assert [line for line in lines if line[0] != "#"] == [
        "torch==2.12.1", "scikit-learn==1.8.1", "numpy==2.3.0"]


def test_a_package_that_colab_dropped_is_named():
    with pytest.raises(ValueError, match="peft"):
        colab_pins.renewed("peft==0.20.0\n", FREEZE, "2027-01-31")


def test_the_committed_list_meets_the_requirements():
    """`requirements.txt` has lower bounds that Colab meets."""
    root = colab_pins.PINS.parents[1]
    colab = colab_pins.read_freeze(colab_pins.PINS.read_text())
    for line in (root / "requirements.txt").read_text().splitlines():
        name, found, bound = line.partition(">=")
        if found and colab_pins.plain(name) in colab:
            have = colab[colab_pins.plain(name)]
            assert numbers(have) >= numbers(bound), line


def numbers(version):
    return [int(part) for part in version.split(".")]
