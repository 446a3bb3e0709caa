"""Two processes on the CPU: one decides, both do the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

from agentic_lib import Run

HERE = Path(__file__).parent
LAUNCHERS = {
    # On CPUs --multi_gpu is meant with ACCELERATE_USE_CPU; with --cpu
    # accelerate starts one process, whatever --num_processes says.
    "accelerate": ["accelerate.commands.launch", "--multi_gpu",
                   "--num_processes", "2", "--num_machines", "1",
                   "--mixed_precision", "no", "--dynamo_backend", "no",
                   "--main_process_port", "0"],
    "torchrun": ["torch.distributed.run", "--standalone",
                 "--nproc_per_node", "2"],
}


def launch(launcher, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", *LAUNCHERS[launcher], *map(str, arguments)],
        text=True, capture_output=True, cwd=HERE.parent, timeout=600,
        env={**os.environ, "PYTHONPATH": str(HERE.parent),
             "OMP_NUM_THREADS": "1", **environment})


def test_one_decides_and_all_do_the_same(tmp_path):
    done = launch("accelerate", HERE / "two_processes.py", "agree", tmp_path,
                  ACCELERATE_USE_CPU="true")
    assert done.returncode == 0, done.stderr[-3000:]
    first, second = (json.loads((tmp_path / f"rank{i}.json").read_text())
                     for i in (0, 1))
    assert (first.pop("brains"), second.pop("brains")) == (1, 0)
    assert first == second
    assert first["resumed"] == first["rates"]
    assert "guard" in [source for _, _, source in first["decisions"]]
    # the second process's nan was its own: nothing diverged
    assert "reduce_learning_rate" in first["own"]
    assert first["own_rate"][0] < 0.1
    whole = Run.load(tmp_path / "whole")
    assert whole.learning_rates == first["rates"]
    assert whole.test_acc is not None


def test_a_process_that_dies_ends_the_job_with_a_message(tmp_path):
    done = launch("torchrun", HERE / "two_processes.py", "die", tmp_path,
                  ACCELERATE_USE_CPU="true")
    assert done.returncode != 0
    assert "Signal 9" in done.stderr and "rank" in done.stderr


def test_a_step_in_the_main_process_alone_says_what_is_wrong(tmp_path):
    done = launch("torchrun", HERE / "two_processes.py", "main_only",
                  tmp_path)
    assert done.returncode != 0
    assert "every process must call the controller's step()" in done.stderr


def test_the_example_runs_in_two_processes(tmp_path):
    done = launch("torchrun", "-m",
                  "agentic_lib.integrations.examples.several_processes",
                  "--brain", "rules", "--epochs", 6, "--folder", tmp_path)
    assert done.returncode == 0, done.stderr[-3000:]
    assert len(Run.load(tmp_path).metrics) == 6
    # printed once, by the first process
    assert (done.stdout + done.stderr).count("epoch 5:") == 1


def test_processes_that_do_not_know_of_each_other_are_told(tmp_path):
    script = tmp_path / "apart.py"
    script.write_text(
        "from accelerate import Accelerator\nfrom agentic_lib import train\n"
        "accelerator = Accelerator()\n"
        "train(brain=None, epochs=1, accelerator=accelerator)\n"
        "accelerator.end_training()\n")
    done = launch("torchrun", script)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("each trains by itself") == 2
