"""Conversations and option names side by side in one batch.

The log-probability of a name with several tokens is a sum over these tokens.
To get all names of all conversations from one pass, the names are put after
each prompt, and a mask lets each name see only the prompt and itself:

    prefix (kept) | prompt | padding | name 1 | name 2 | ...

Knows nothing about networks: it makes tensors of whole numbers.
"""

import torch


def pack(rows, names, n):
    """(ids, positions, sees, places) for one pass after a kept prefix.

    rows   token ids of each conversation; the first n are the prefix
    names  token ids of each name; its last token is predicted, never fed
    ids        (B, W) what to feed; B conversations, W columns
    positions  (B, W) the place of each token in its own text
    sees       (B, W, n + W) bool, or None if causal order is enough:
               padding that follows everything that is read needs no mask
    places     (B, names) lists of the columns at which a name's tokens are
               predicted
    """
    width = max(map(len, rows)) - n
    tails = [name[:-1] for name in names]
    total = width + sum(map(len, tails))
    ids = torch.zeros(len(rows), total, dtype=torch.long)
    positions = torch.arange(n, n + total).repeat(len(rows), 1)
    sees = torch.ones(total, n + total, dtype=torch.bool).tril(n)
    sees = sees.repeat(len(rows), 1, 1)
    places = []
    for i, row in enumerate(rows):
        ids[i, :len(row) - n] = torch.tensor(row[n:])
        sees[i, width:, len(row):n + width] = False  # the padding
        last, column, found = len(row) - n - 1, width, []
        for tail in tails:
            end = column + len(tail)
            ids[i, column:end] = torch.tensor(tail)
            positions[i, column:end] = len(row) + torch.arange(len(tail))
            sees[i, column:end, n + width:n + column] = False
            found.append([last, *range(column, end)])
            column = end
        places.append(found)
    return ids, positions, sees if total > width else None, places


def as_mask(sees, dtype):
    """(B, 1, W, n + W): 0 if a token sees another, else very negative."""
    mask = torch.zeros(sees.shape, dtype=dtype)
    return mask.masked_fill(~sees, torch.finfo(dtype).min)[:, None]


def sums(logs, columns, places, names) -> list[list[float]]:
    """(B, names): each name's sum over its tokens.

    logs     (B, columns, vocabulary) log-probabilities
    columns  which columns of the batch `logs` holds
    """
    wanted = sorted({token for name in names for token in name})
    found = logs[..., wanted].tolist()  # only this leaves the device
    return [[sum(found[i][columns.index(c)][wanted.index(t)]
                 for c, t in zip(place, name))
             for place, name in zip(row, names)]
            for i, row in enumerate(places)]
