"""Lightning with the controller as a callback. Needs: pip install lightning

    python -m agentic_lib.integrations.examples.lightning_trainer
"""

import lightning
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from agentic_lib import SimpleAIBrain, load_data, make_model
from agentic_lib.integrations.lightning import AgenticCallback


class Classifier(lightning.LightningModule):
    """A network that logs what the controller asks for."""

    def __init__(self, data, lr=0.003):
        super().__init__()
        self.network, self.lr = make_model(data), lr

    def training_step(self, batch, _):
        return self.measure("train", *batch)

    def validation_step(self, batch, _):
        self.measure("val", *batch)

    def measure(self, part, inputs, labels):
        logits = self.network(inputs)
        loss = cross_entropy(logits, labels)
        right = (logits.argmax(1) == labels).float().mean()
        self.log_dict({f"{part}_loss": loss, f"{part}_acc": right},
                      on_epoch=True, on_step=False, sync_dist=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.lr)


def make_trainer(callback, epochs=20, **options):
    return lightning.Trainer(
        max_epochs=epochs, callbacks=[callback], **{
            "accelerator": "cpu", "logger": False,
            "enable_checkpointing": False, "enable_progress_bar": False,
            "enable_model_summary": False, **options})


def loaders(data):
    return (DataLoader(TensorDataset(*data.train), 64, shuffle=True),
            DataLoader(TensorDataset(*data.val), 400))


def main(brain="bundled", epochs=20):
    data = load_data("digits")
    callback = AgenticCallback(SimpleAIBrain(brain))
    make_trainer(callback, epochs).fit(Classifier(data), *loaders(data))
    return callback.controller


if __name__ == "__main__":
    main()
