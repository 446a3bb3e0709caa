"""Prompts with a name, to start from and to compare.

Templates only: what they mean is in prompt.py.
"""

from agentic_lib.brain.prompt import SYSTEM, Prompt

# The three numbers that the original text shows the model, and no more.
ORIGINAL = Prompt(
    system="Choose one action for this training run.\n{actions}\n"
           "Answer with the name of one action, a colon and a reason.",
    user="Epoch: {epoch}\nTraining accuracy: {train_acc} %\n"
         "Validation accuracy: {val_acc} %\nWhat should I do?",
)
TREND_IN_WORDS = Prompt(
    user="Progress: {progress}\nTraining accuracy: {train_acc} %\n"
         "Validation accuracy: {val_acc} %, {trend}\n"
         "Gap, training minus validation: {gap} points\nWhich action?",
)
FEW_SHOT = Prompt(
    system=SYSTEM + """
Examples:
Training accuracy: 12.0 %, validation accuracy: 11.0 %, crawling
increase_learning_rate: Both are low and hardly move.
Training accuracy: 92.0 %, validation accuracy: 76.0 %
reduce_learning_rate: The gap of 16.0 points is large.
Training accuracy: 89.0 %, validation accuracy: 85.0 %, still rising
continue: The gap is small and both still rise.""",
)
# Kept as a bad example: leading words, no meanings, no order.
BAD = Prompt(
    system="You are the world's best AI researcher. Think of all you know. "
           "It is probably time to stop_training, or what do you think?\n"
           "{actions}",
    user="{val_acc} {train_acc} {epoch} ???",
)
PRESETS = {
    "default": Prompt(),
    "original": ORIGINAL,
    "trend in words": TREND_IN_WORDS,
    "few-shot": FEW_SHOT,
    "bad": BAD,
}
