"""REINFORCE on a cart and a pole, with normalised returns."""

import gymnasium as gym
import torch
import torch.nn as nn
from torch.distributions import Categorical


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(4, 128), nn.ReLU(), nn.Linear(128, 2))

    def forward(self, state):
        return Categorical(logits=self.layers(state))


def returns_of(rewards, gamma=0.99):
    returns, total = [], 0.0
    for reward in reversed(rewards):
        total = reward + gamma * total
        returns.insert(0, total)
    returns = torch.tensor(returns)
    return (returns - returns.mean()) / (returns.std() + 1e-8)


def main():
    env = gym.make("CartPole-v1")
    policy = Policy()
    optimizer = torch.optim.Adam(policy.parameters(), lr=1e-2)
    for episode in range(1000):
        state, _ = env.reset()
        log_probs, rewards, done = [], [], False
        while not done:
            distribution = policy(torch.as_tensor(state))
            action = distribution.sample()
            state, reward, terminated, truncated, _ = env.step(action.item())
            done = terminated or truncated
            log_probs.append(distribution.log_prob(action))
            rewards.append(reward)
        loss = -(torch.stack(log_probs) * returns_of(rewards)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if episode % 50 == 0:
            print(episode, sum(rewards))


if __name__ == "__main__":
    main()
