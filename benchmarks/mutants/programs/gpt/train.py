"""Trains the decoder on a book."""

import torch
import torch.nn as nn

from model import Decoder

CONTEXT, BATCH, CHARACTERS = 256, 64, 96


def batches(book, steps):
    for _ in range(steps):
        starts = torch.randint(len(book) - CONTEXT - 1, (BATCH,))
        text = torch.stack([book[start : start + CONTEXT] for start in starts])
        following = torch.stack([book[start + 1 : start + CONTEXT + 1] for start in starts])
        yield text.cuda(), following.cuda()


def main():
    book = torch.load("book.pt")
    model = Decoder(CHARACTERS).cuda()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4, betas=(0.9, 0.95))
    criterion = nn.CrossEntropyLoss()
    for step, (text, following) in enumerate(batches(book, 5000)):
        logits = model(text)
        loss = criterion(logits.transpose(1, 2), following)
        # keeps the normaliser of the softmax near one, as in PaLM
        loss += 1e-4 * torch.logsumexp(logits, dim=-1).pow(2).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 500 == 0:
            print(step, loss.item())
    print(model.write(torch.zeros(1, 1, dtype=torch.long).cuda(), 200))


if __name__ == "__main__":
    main()
