"""The checks of notebook 08, teach the brain."""


from agentic_lib.course.exercises.checking import check, expect


@check
def soft_label(label):
    """label(worth, now) -> four probabilities; see notebook 08."""
    import numpy as np

    for worth, now, what in (
            ([90.0, 90.0, 90.0], 80.0, "three actions that tie"),
            ([90.0, 91.0, 89.0], 80.0, "reduce a point better"),
            ([90.0, 90.1, 90.0], 90.0, "nothing to be gained"),
            ([10.0, 10.0, 12.0], 5.0, "increase two points better"),
            ([900.0, 900.5, 900.0], 0.0, "large values")):
        got = np.asarray(label(np.array(worth), now), dtype=float)
        told = f"With {what} (worth {worth}, now {now:g}) it gives {got}."
        expect(got.shape == (4,), told + " Four numbers are wanted.")
        expect(abs(got.sum() - 1) < 1e-6, told + " They must sum to 1.",
               "If there is a nan among them, exp was too large.",
               "Subtract the largest value from all four before exp.")
        powers = [*worth, now + 0.1]
        powers = np.exp((np.array(powers) - max(powers)) / 0.25)
        expect(np.allclose(got, powers / powers.sum(), atol=1e-4), told,
               f"It should be {(powers / powers.sum()).round(3)}.",
               "The fourth value is that of stopping, now + 0.1. Then exp of "
               "each value / 0.25, divided by the sum of all four.")
    return "A tie stays a tie, and stopping gets its share."


@check
def split_by_run(split):
    """split(run_of_row) -> True where a row is kept back."""
    import numpy as np

    for rows, seed in ((400, 0), (2000, 1)):
        runs = np.random.default_rng(seed).permutation(
            np.repeat(np.arange(rows // 4), 4))
        kept = np.asarray(split(runs))
        expect(kept.shape == runs.shape and kept.dtype == bool, "It must "
               "return True or False for each row.")
        both = len(set(runs[kept]) & set(runs[~kept]))
        expect(both == 0, f"{both} of {rows // 4} runs have rows on both "
               "sides.", "What should be drawn at random, rows or runs?",
               "Draw among np.unique(run_of_row), then keep back every row "
               "whose run was drawn.")
        expect(0.1 < kept.mean() < 0.3, f"{kept.mean():.0%} of the rows are "
               "kept back; about a fifth is wanted.")
    return "No run is on both sides."
