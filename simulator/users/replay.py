"""A user who says again what a person said in a dialogue with another, whatever the system answers."""

from collections.abc import Sequence

from ..nouns import SystemTurn, UserTurn, Utterance


class ReplayUser:
    """Says the seeker's messages of a dialogue one by one; the dialogue is over with the last.

    Args:
        utterances: the dialogue, oldest first; what the recommender said in it is left out.
    """

    def __init__(self, utterances: Sequence[Utterance]) -> None:
        self._turns = [u for u in joined(utterances) if u.speaker == "seeker"]
        self._said = 0

    async def reply(self, heard: SystemTurn | None) -> UserTurn:
        """The next message; after the last one nothing, and `done`.

        The system answers every message, the last one too. What a person decided in the dialogue was about other
        items, so that nothing is accepted, rejected or stated here.
        """
        if self._said == len(self._turns):
            return UserTurn(text="", act="leave", done=True)
        turn = self._turns[self._said]
        self._said += 1
        return UserTurn(text=turn.text, act="open" if heard is None else "chat", named=turn.items)


def joined(utterances: Sequence[Utterance]) -> list[Utterance]:
    """A dialogue in turns: messages in a row of one speaker as one, those without a word left out."""
    turns: list[Utterance] = []
    for utterance in utterances:
        if not utterance.text.strip():
            continue
        if turns and turns[-1].speaker == utterance.speaker:
            last = turns[-1]
            items = tuple(dict.fromkeys((*last.items, *utterance.items)))
            turns[-1] = Utterance(speaker=last.speaker, text=f"{last.text}\n{utterance.text.strip()}", items=items)
        else:
            turns.append(utterance.model_copy(update={"text": utterance.text.strip()}))
    return turns
