"""Where results go, whichever the way: what a sender may expect of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ResultFile:
    """A result to be sent: its class, its UID and its file."""

    sop_class_uid: str
    sop_instance_uid: str
    path: Path


class Conversation(Protocol):
    """An open way to the PACS."""

    def send(self, result: ResultFile) -> None:
        """Send a result; when this returns, the PACS has it.

        Raises:
            PeerError: the conversation is over.
            DeliveryError: the PACS does not take this result.
        """


class Destination(Protocol):
    """A PACS."""

    def open(self) -> AbstractContextManager[Conversation]:
        """Begin a conversation.

        Raises:
            PeerError: the PACS cannot be reached, or lets nobody in.
        """
