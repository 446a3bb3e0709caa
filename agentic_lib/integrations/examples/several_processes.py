"""One run in several processes; the first one decides for all.

    accelerate launch --multi_gpu --num_processes 2 \\
        -m agentic_lib.integrations.examples.several_processes
    torchrun --nproc_per_node 2 \\
        -m agentic_lib.integrations.examples.several_processes

On CPUs set ACCELERATE_USE_CPU=true before accelerate launch: with --cpu it
starts one process, whatever --num_processes says. With torchrun nothing is
needed. The same script runs on several machines: tell accelerate launch or
torchrun how many there are, and the address of the first one.
"""

import argparse

from agentic_lib import train
from agentic_lib.run.training import make_accelerator


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--brain", default="bundled")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--lr", type=float, default=0.003)
    parser.add_argument("--folder", default=None)
    options = parser.parse_args()
    accelerator = make_accelerator()
    run = train("digits", brain=options.brain, epochs=options.epochs,
                lr=options.lr, folder=options.folder, progress=True,
                accelerator=accelerator)
    accelerator.print(run)
    accelerator.end_training()


if __name__ == "__main__":
    main()
