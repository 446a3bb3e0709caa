"""One small script for each framework, each on the embedded digits.

    python -m agentic_lib.integrations.examples.plain
    python -m agentic_lib.integrations.examples.transformers_trainer
    python -m agentic_lib.integrations.examples.lightning_trainer
    ACCELERATE_USE_CPU=true accelerate launch --multi_gpu \\
        --num_processes 2 \\
        -m agentic_lib.integrations.examples.several_processes
"""
