"""The command `bench`: what it says about options that make no sense."""

import pytest
import torch
from tiny_model import save_tiny_model

from agentic_lib.__main__ import main
from agentic_lib.lab import bench
from agentic_lib.models import loading


@pytest.fixture
def said(capsys):
    """What `bench` with these options writes as its error."""
    def run(*options):
        with pytest.raises(SystemExit) as stopped:
            main(["bench", *options])
        assert stopped.value.code == 2
        shown = capsys.readouterr()
        assert shown.out == ""  # nothing was made or measured before
        assert "Traceback" not in shown.err
        return shown.err

    return run


@pytest.mark.parametrize("options, words", [
    (["--rounds", "0"], ("--rounds=0", "1 or more")),
    (["--many", "0"], ("--many=0", "1 or more")),
    (["--many", "-3"], ("--many=-3", "1 or more")),
    (["--device", "foo"], ("device='foo'", "'cpu'")),
    (["--dtype", "float17"], ("dtype='float17'", "'bfloat16'")),
    (["--model", "./nowhere"], ("--model ./nowhere", "neither a folder",
                                "Without --model")),
])
def test_an_option_that_makes_no_sense_is_named(said, options, words):
    told = said(*options)
    for word in words:
        assert word in told


def test_a_model_that_is_not_on_the_hub_is_named(said, monkeypatch):
    def fail(*args, **options):
        raise ConnectionError("Name resolution failed")

    monkeypatch.setattr(loading, "knock", fail)
    told = said("--model", "nowhere")
    assert "--model nowhere" in told and "no connection" in told
    assert "Without --model" in told


def test_a_model_that_breaks_while_it_is_loaded(said, tmp_path):
    model = save_tiny_model(tmp_path / "model")
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:3000])
    told = said("--model", str(model), "--device", "cpu")
    assert f"--model {model}" in told and "damaged" in told


@pytest.mark.skipif(torch.cuda.is_available(), reason="CUDA is here")
def test_a_device_that_is_not_here_is_named(said, tmp_path):
    model = save_tiny_model(tmp_path / "model")
    told = said("--model", str(model), "--device", "cuda")
    assert "--device cuda" in told and "Leave --device" in told


def test_a_batch_of_one_and_a_single_round(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(bench, "measure_load", lambda *options: {
        "what": "loading", "seconds": [1.0], "note": ""})  # see test_check.py
    model = save_tiny_model(tmp_path / "model")
    main(["bench", "--model", str(model), "--device", "cpu", "--rounds", "1",
          "--many", "1"])
    assert "batch of 1 scored" in capsys.readouterr().out
