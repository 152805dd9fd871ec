"""Letters out of speech: a bidirectional LSTM over log-mel frames, trained with CTC."""

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

LETTERS = "_abcdefghijklmnopqrstuvwxyz' "


class Recogniser(nn.Module):
    def __init__(self, mels=80, width=320):
        super().__init__()
        self.subsample = nn.Sequential(
            nn.Conv1d(mels, width, 5, stride=2, padding=2), nn.BatchNorm1d(width), nn.ReLU()
        )
        self.lstm = nn.LSTM(width, width, num_layers=3, bidirectional=True, dropout=0.2)
        self.letters = nn.Linear(2 * width, len(LETTERS))

    def forward(self, frames, lengths):
        x = self.subsample(frames).permute(2, 0, 1)
        packed = pack_padded_sequence(x, lengths.cpu(), enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0])
        return F.log_softmax(self.letters(states), dim=2)


def collapse(best):
    letters, last = [], 0
    for index in best:
        if index != last and index != 0:
            letters.append(LETTERS[index])
        last = index
    return "".join(letters)


def train(model, loader, device, epochs=40):
    model.to(device)
    ctc = nn.CTCLoss(blank=0, zero_infinity=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
    warm_up = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=1000)
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for frames, lengths, text, text_lengths in loader:
            frames, text = frames.to(device), text.to(device)
            halved = (lengths + 1) // 2
            log_probs = model(frames, halved)
            loss = ctc(log_probs, text, halved, text_lengths)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 400.0)
            optimizer.step()
            warm_up.step()
            running += loss.item()
        print(f"epoch {epoch}: {running / len(loader):.3f}")
        print(collapse(log_probs[:, 0].argmax(dim=-1).tolist()))


if __name__ == "__main__":
    utterances = torch.utils.data.DataLoader(torch.load("utterances.pt"), batch_size=None)
    train(Recogniser(), utterances, torch.device("cuda"))
