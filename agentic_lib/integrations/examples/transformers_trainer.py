"""transformers.Trainer with the controller as a callback.

    python -m agentic_lib.integrations.examples.transformers_trainer
"""

import tempfile

import torch
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

from agentic_lib import SimpleAIBrain, load_data, make_model
from agentic_lib.integrations.trainer import AgenticCallback


class Classifier(torch.nn.Module):
    """A network in the form that the Trainer expects."""

    def __init__(self, data):
        super().__init__()
        self.network = make_model(data)

    def forward(self, inputs, labels=None):
        logits = self.network(inputs)
        loss = torch.nn.functional.cross_entropy(logits, labels)
        return {"loss": loss, "logits": logits}


class Examples(Dataset):
    """(inputs, labels) as a list of dictionaries."""

    def __init__(self, part):
        self.inputs, self.labels = part

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return {"inputs": self.inputs[i], "labels": self.labels[i]}


def accuracy(prediction):
    """A fraction, as is usual with the Trainer."""
    right = prediction.predictions.argmax(1) == prediction.label_ids
    return {"accuracy": right.mean()}


def make_trainer(callback, folder, epochs=20, lr=0.003, **arguments):
    data = load_data("digits")
    return Trainer(
        model=Classifier(data),
        args=TrainingArguments(
            output_dir=folder, num_train_epochs=epochs, learning_rate=lr,
            per_device_train_batch_size=64, per_device_eval_batch_size=400,
            **{"eval_strategy": "epoch", "logging_strategy": "epoch",
               "save_strategy": "no", "lr_scheduler_type": "cosine",
               "report_to": [], "disable_tqdm": True,
               "remove_unused_columns": False, "use_cpu": True,
               **arguments}),
        train_dataset=Examples(data.train), eval_dataset=Examples(data.val),
        compute_metrics=accuracy, callbacks=[callback])


def main(brain="bundled", epochs=20, **options):
    callback = AgenticCallback(SimpleAIBrain(brain))
    with tempfile.TemporaryDirectory() as folder:
        make_trainer(callback, folder, epochs, **options).train()
    return callback.controller


if __name__ == "__main__":
    main()
