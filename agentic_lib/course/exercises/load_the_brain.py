"""The checks of notebook 01, load the brain."""

import types

from agentic_lib.course.exercises.checking import check, expect


@check
def write_without_generate(write):
    """write(network, ids, steps) -> the likeliest tokens, one by one."""
    for ids, steps in (([3], 1), ([1, 4, 1], 4), ([5, 9, 2, 6], 7)):
        network = CountsAlong()
        answer = write(network, list(ids), steps)
        wanted = list(ids)
        for _ in range(steps):
            wanted.append(network.next_one(wanted))
        wanted = wanted[len(ids):]
        expect(isinstance(answer, list) and len(answer) == steps,
               f"With steps={steps} you return {answer!r}: that should be a "
               f"list of {steps} numbers, the new ones alone.")
        answer = [int(token) for token in answer]
        expect(answer[0] == wanted[0], "The first new token should be "
               f"{wanted[0]}, and you have {answer[0]}.", "The logits have a "
               "row for every token of the text. Which row says what follows "
               "the last one?", "It is the last row, logits[0, -1]. Take the "
               "argmax of it.")
        expect(answer == wanted, f"You write {answer}, it should be {wanted}.",
               "The first token is right. What does the network read before "
               "it chooses the second?", "Each new token has to be in the "
               "text before the next one is chosen: append it to `new`.")
    return "Token by token, as the library does."


class CountsAlong:
    """A network for the check: the likeliest next token follows from the
    last two and from how many there are."""

    device = "cpu"

    @staticmethod
    def next_one(ids):
        return (3 * ids[-1] + sum(ids[-2:-1]) + len(ids)) % 11

    def __call__(self, input_ids):
        import torch

        (ids,) = input_ids.tolist()
        logits = torch.zeros(1, len(ids), 11)
        for i in range(len(ids)):
            logits[0, i, self.next_one(ids[:i + 1])] = 2.0
        return types.SimpleNamespace(logits=logits)


@check
def agreement(measure):
    """measure(ask, times) -> the share of the most frequent action."""
    cut = "reduce_learning_rate: it jumps."
    go, hm = "continue: it rises.", "The weather is fine today."
    for replies in ([go, cut, cut, cut], [go] * 5, [hm, hm, hm, go],
                    [hm] * 4, [go, cut, go, cut, go, hm]):
        seeds = []

        def ask(seed, replies=replies, seeds=seeds):
            seeds.append(seed)
            return replies[seed]

        share = measure(ask, len(replies))
        most = max(replies.count(go), replies.count(cut)) / len(replies)
        expect(sorted(seeds) == list(range(len(replies))),
               f"Asked {len(replies)} times, the seeds should be 0 to "
               f"{len(replies) - 1}, each once; yours were {seeds}.")
        expect(isinstance(share, (int, float))
               and abs(share - most) < 1e-9,
               f"For {replies} the share is {most:g}, and you say {share!r}.",
               "What do you divide by if a reply cannot be read?" if hm in
               replies else "How often does the most frequent action occur?",
               "Divide that count by `times`: a reply without a decision "
               "agrees with none, and still counts as asked.")
    return "It counts the replies that agree, out of all that were asked for."
