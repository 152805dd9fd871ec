"""What can change while a program runs, with an undo journal.

All mutable state of the interpreted program (local variables, module globals, attributes, list
items) lives in :class:`Slots`. Every write is recorded, so that a branch can be run, rolled back,
and joined with its sibling, and so that a remembered call can be replayed. Every read of what was
there before a call is recorded too: a remembered result holds while it would read the same again.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple, TypeAlias

from losslint.analysis.domain.values import Value

Writes: TypeAlias = dict[tuple["Slots", Hashable], "Value | None"]
"""The last value written to each slot; ``None`` where the slot was removed."""


class Mark(NamedTuple):
    """A point in time: how much was written, which slots existed, how often was rolled back."""

    position: int
    newest: int
    undone: int


START = Mark(0, 0, 0)
"""Before anything."""
ITEMS = "[]"
"""The slot of a list that holds its known items."""
REST = "[*]"
"""The slot of a list or dict that stands for items whose number or key is not known."""

FACTORY = "[+key]"
"""The slot of a dict that holds what makes the value of a key that it does not have yet."""


class Slots(dict[Hashable, Value]):
    """The variables of one scope or the attributes of one object."""

    __slots__ = ("oid",)

    def __init__(self, oid: int) -> None:
        super().__init__()
        self.oid = oid

    __hash__ = object.__hash__  # type: ignore[assignment]
    __eq__ = object.__eq__
    __ne__ = object.__ne__


_OWN = Value()
"""Marks a slot whose first access inside a recorded call was a write."""


class Heap:
    """All slots of one analysis, and the journal of their changes."""

    def __init__(self) -> None:
        self._journal: list[tuple[Slots, Hashable, Value | None]] = []
        self._count = 0
        self._undone = 0
        self._reads: list[tuple[int, Writes]] = []

    def new_slots(self) -> Slots:
        """Fresh slots, with an identity higher than all before."""
        self._count += 1
        return Slots(self._count)

    @property
    def newest(self) -> int:
        """The identity of the slots made last."""
        return self._count

    def get(self, slots: Slots, key: Hashable) -> Value | None:
        """The value of a slot, or ``None`` where it is not set."""
        value = slots.get(key)
        if self._reads:
            first, seen = self._reads[-1]
            if slots.oid <= first:
                seen.setdefault((slots, key), value)
        return value

    def set(self, slots: Slots, key: Hashable, value: Value) -> None:
        """Writes a slot."""
        old = slots.get(key)
        if self._reads:
            first, seen = self._reads[-1]
            if slots.oid <= first:
                seen.setdefault((slots, key), _OWN)
        if old is value:
            return
        self._journal.append((slots, key, old))
        slots[key] = value

    def remove(self, slots: Slots, key: Hashable) -> None:
        """Removes a slot, if it is set."""
        old = slots.get(key)
        if old is not None:
            self._journal.append((slots, key, old))
            del slots[key]

    def mark(self) -> Mark:
        """A point in time to come back to."""
        return Mark(len(self._journal), self._count, self._undone)

    def unchanged_since(self, mark: Mark) -> bool:
        """Whether nothing was written or undone since ``mark``."""
        return len(self._journal) == mark.position and self._undone == mark.undone

    def writes_since(self, mark: Mark) -> Writes:
        """The current value of every slot that existed at ``mark`` and was written since."""
        newest = mark.newest
        return {
            (slots, key): slots.get(key)
            for slots, key, _ in self._journal[mark.position :]
            if slots.oid <= newest
        }

    def before(self, mark: Mark) -> Writes:
        """What every slot held at ``mark`` that existed then and was written since."""
        held: Writes = {}
        for slots, key, old in self._journal[mark.position :]:
            if slots.oid <= mark.newest:
                held.setdefault((slots, key), old)
        return held

    def roll_back(self, mark: Mark) -> None:
        """Undoes every write since ``mark`` to what existed then.

        What was made since is out of reach afterwards, except through values that were kept on
        purpose, and those are to be found as they were left.
        """
        self._undone += 1
        journal, newest = self._journal, mark.newest
        for slots, key, old in reversed(journal[mark.position :]):
            if slots.oid > newest:
                continue
            if old is None:
                slots.pop(key, None)
            else:
                slots[key] = old
        del journal[mark.position :]

    def apply(self, writes: Writes) -> None:
        """Writes all of ``writes``."""
        for (slots, key), value in writes.items():
            if value is None:
                self.remove(slots, key)
            else:
                self.set(slots, key, value)

    def start_recording(self) -> None:
        """Starts to record reads of slots that exist now."""
        self._reads.append((self._count, {}))

    def stop_recording(self) -> Writes:
        """Stops the newest recording; what it read counts as read by the one around it."""
        _, seen = self._reads.pop()
        if self._reads:
            first, around = self._reads[-1]
            for (slots, key), value in seen.items():
                if slots.oid <= first:
                    around.setdefault((slots, key), value)
        return {at: value for at, value in seen.items() if value is not _OWN}

    def stop_all_recordings(self) -> None:
        """Drops the recordings of calls that were cut off."""
        self._reads.clear()

    def record(self, reads: Writes) -> None:
        """Counts ``reads`` as read now, for a result that was remembered instead of computed."""
        if self._reads:
            first, seen = self._reads[-1]
            for (slots, key), value in reads.items():
                if slots.oid <= first:
                    seen.setdefault((slots, key), value)

    @staticmethod
    def holds(reads: Writes) -> bool:
        """Whether every slot still has the value that was read."""
        return all(slots.get(key) == value for (slots, key), value in reads.items())
