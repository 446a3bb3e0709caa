"""The lab: where the brain that ships with the package is taught.

The story, one idea a file, in the order in which it is told:

    batch.py       many small trainings side by side, as one computation
    situations.py  what is trained: data, networks, rates, in great variety
    numbers.py     what the prompt says about a run, as a row of numbers
    policies.py    who decides while labels are made
    labels.py      what each action led to, found by playing it to the end
    texts.py       prompts in many wordings, and reasons that are true
    tokens.py      a tokenizer for such texts
    teach.py       labels -> a small Qwen3 that reads the prompt and answers
    adapter.py     the same lessons for Qwen3-0.6B, as a LoRA adapter
    judge.py       is it any good? on data that it was never taught on

Nothing else in the package needs the lab.
"""
