"""The lab: where the brain that ships with the package is taught and judged.

Nothing else in the package needs it. A folder imports only from those before
it. One idea per file, in the order in which the story is told:

Shared parts
    actions.py       the four actions by index and by letter
    batch.py         many small runs side by side, as one computation
    stacked.py       the same for networks of any architecture
    side_by_side.py  do two runs at once cost as much as one?
    decision_time.py how long a decision of the bundled brain takes
    features.py      what the prompt says about a run, as a row of numbers
    plain_rules.py   the original's three rules, to compare with ours
    pilots.py        what sets the rates of runs, epoch by epoch
    calibration.py   can a stated probability be trusted?
    saved_states.py  the file of moments with what each action led to
    check.py         does a brain choose well at those moments? (a command)
    bench.py         what does a decision cost? (a command)

teach/: how the brain is made (`python -m agentic_lib teach`)
    situations.py    what is trained: data, networks, rates, in great variety
    architectures.py networks that people train, for stacked.py
    regression.py    networks that predict a number: only a loss is known
    policies.py      what decides while labels are made
    branching.py     what each action led to, found by playing it to the end
    labels.py        those results as data: files, tables, probabilities
    rounds.py        labels under better and better policies
    forest.py        what the labels teach: the language model's teacher
    logistic.py      a regression on the labels, to compare the brain with
    reward.py        a policy that is rewarded for where a run ends
    texts.py         prompts in many wordings
    reasons.py       reasons that are true
    tokens.py        a tokenizer for such texts
    lessons.py       prompts with replies, drawn from the labels
    network.py       a fresh small Qwen3
    loss.py          what the network is taught to do with a lesson
    loop.py          the teaching itself, by steps or by seconds
    visits.py        runs that the unfinished brain steers itself
    making.py        all of that together: labels -> a brain
    saving.py        its folder: weights, temperature, the lines it knows
    naive.py         a brain that is taught badly on purpose
    command.py       the command line
    adapter.py       the same lessons for Qwen3-0.6B, as a LoRA adapter
    arenas.py        runs on data that the brain was never taught on
    judge.py         is it any good there, and is what it writes true?
    faults.py        the faults of a brain, measured
    units.py         does it read the run, or the units of its numbers?
    speed.py         what training side by side saves

compare/: the evidence (`python -m agentic_lib compare`)
    networks.py      kinds of network that the brain was never taught on
    tasks.py         what is trained there; none of it is in situations.py
    rows.py          what is kept from a run, and its score
    together.py      runs side by side, whatever the network
    guarded.py       the same under the real controller and its guards
    alone.py         one run in the loop of train()
    searches.py      successive halving, range test
    trials.py        one method on one task, by whichever of these fits
    deciders.py      pilots that decide: brains, placebos, look-ahead
    methods.py       all that is compared, peers among them
    tuning.py        settings for peers, chosen as the brain's were
    intervals.py     scores -> numbers with intervals
    recorded.py      what the file that ships must hold
    fingerprint.py   do the guards still act as they did?
    results.py       the rows, as one file
    views.py         which rows are compared with which
    states.py        makes the saved states
    choices.py       what is chosen at those states, and what that costs
    stopping.py      what stopping early saves and costs, as a curve
    regression.py    a number is predicted, and only a loss is known
    headroom.py      does COOL_DOWN earn its place in the quick pace?
    again.py         does another machine find the same?
    costs.py         what a run of each method costs
    tables.py, pictures.py, claims.py, answer.py, summary.py
                     numbers -> what people read: RESULTS.md
    compare.py       the command: methods x tasks x rates x seeds
"""
