"""Two lines in your own loop: plain PyTorch, with a schedule that stays.

    python -m agentic_lib.integrations.examples.plain
"""

import torch

from agentic_lib import AgenticLR, SimpleAIBrain, load_data, make_model


def main(brain="bundled", epochs=20, lr=0.003):
    data = load_data("digits")
    model = make_model(data)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    controller = AgenticLR(  # the first line
        optimizer, SimpleAIBrain(brain), total_epochs=epochs,
        scheduler=schedule, model=model)

    for epoch in range(1, epochs + 1):
        train_acc, train_loss = train_one_epoch(model, optimizer, data.train)
        val_acc, val_loss = evaluate(model, data.val)
        schedule.step()
        decision = controller.step(  # the second line
            epoch, train_acc, val_acc, train_loss, val_loss)
        if decision is not None:
            print(decision)
        if controller.should_stop:
            break
    print(f"test accuracy {evaluate(model, data.test)[0]:.1f} %")
    return controller


def train_one_epoch(model, optimizer, part, batch_size=64):
    """Accuracy in percent and loss, averaged while the epoch ran."""
    model.train()
    inputs, labels = part
    correct = total = 0.0
    for batch in torch.randperm(len(labels)).split(batch_size):
        logits = model(inputs[batch])
        loss = torch.nn.functional.cross_entropy(logits, labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        correct += (logits.argmax(1) == labels[batch]).sum().item()
        total += loss.item() * len(batch)
    return 100 * correct / len(labels), total / len(labels)


@torch.no_grad()
def evaluate(model, part):
    """Accuracy in percent and loss."""
    model.eval()
    inputs, labels = part
    logits = model(inputs)
    loss = torch.nn.functional.cross_entropy(logits, labels)
    return 100 * (logits.argmax(1) == labels).float().mean().item(), \
        loss.item()


if __name__ == "__main__":
    main()
