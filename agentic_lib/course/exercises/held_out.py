"""What two exercises ask of a learner's loop: is the test set left alone?

Knows nothing about the loop.
"""

from agentic_lib.course.exercises.checking import expect


def shuffled(part):
    """(inputs, labels) with the labels in another order, always the same."""
    import torch

    inputs, labels = part
    order = torch.randperm(
        len(labels), generator=torch.Generator().manual_seed(1))
    return inputs, labels[order]


def expect_last_score(network, test, reported, *more):
    """The accuracy that was reported, in percent, must be that of the network
    that was returned, on `test`, (inputs, labels). more: further hints."""
    import torch

    with torch.no_grad():
        right = network(test[0]).argmax(1) == test[1]
    score = 100 * right.float().mean().item()
    expect(abs(score - reported) < 0.01, f"It reports {reported:.2f} %, and "
           f"the network that it returns has {score:.2f} % on the test set.",
           *more)
