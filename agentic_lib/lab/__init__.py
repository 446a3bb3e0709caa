"""The lab: where the brain that ships with the package is taught.

The story, one idea a file, in the order in which it is told:

    batch.py       many small trainings side by side, as one computation
    situations.py  what is trained: data, networks, rates, in great variety
    numbers.py     what the prompt says about a run, as a row of numbers
    policies.py    who decides while labels are made
    labels.py      what each action led to, found by playing it to the end
    texts.py       prompts in many wordings, and reasons that are true
    tokens.py      a tokenizer for such texts
    visits.py      runs that the brain in the making steers itself
    teach.py       labels -> a small Qwen3 that reads the prompt and answers
    adapter.py     the same lessons for Qwen3-0.6B, as a LoRA adapter
    judge.py       is it any good? on data that it was never taught on
    speed.py       what side by side saves

And how evidence is gathered (`python -m agentic_lib compare`):

    tasks.py       what is trained there; none of it is in situations.py
    pilots.py      what sets the rates of runs, epoch after epoch
    deciders.py    pilots that decide: brains, placebos, look-ahead
    methods.py     all that is compared, peers among them
    tuning.py      settings for peers, chosen as the brain's were
    trials.py      one method on one task: a row for each run
    results.py     the rows, as one file
    compare.py     the command: methods x tasks x rates x seeds
    statistics.py  rows -> numbers with intervals
    states.py      saved states with what each action led to
    choices.py     what is chosen there, and what that costs
    tables.py, pictures.py, claims.py, summary.py
                   numbers -> what people read

Nothing else in the package needs the lab.
"""
