import pytest
from convrec.agents.state import Wish
from talk_stage import read

FOCUS = Wish(focus=("alien-1979", "heat-1995"), shown=("alien-1979", "heat-1995"))
SAYINGS = {
    "greet": ["hi", "Hello there!", "good evening"],
    "thanks": ["thanks", "thank you so much!", "cheers"],
    "bye": ["bye", "see you later", "that's all for now"],
    "help": ["help", "what can you do?", "how does this work?"],
    "surprise": ["surprise me", "anything", "you choose"],
    "reset": ["start over", "forget everything"],
    "smalltalk": ["what's the weather like?", "tell me a joke"],
    "request": ["a comedy", "recommend me a film", "I want something French"],
    "preference": ["I love thrillers", "I loved Heat"],
    "unclear": ["asdf qwer zxcv", "我想看电影"],
}
AFTER_CARDS = {
    "more": ["more", "show me more", "another one please", "what else?", "more like the first one"],
    "reject": ["nah", "none of these", "something else", "seen them both", "I don't like these"],
    "accept": ["I'll take the first one", "perfect, let's watch the second one", "the second one sounds great", "sold"],
    "ask": ["what's the first one about?", "why?", "how long is it?"],
    "compare": ["which is better?", "which one is shorter?"],
    "thanks": ["thanks!", "great, thank you"],
    "greet": ["hello again"],
    "surprise": ["just surprise me"],
    "reset": ["let's start over"],
}


@pytest.mark.parametrize(("act", "text"), [(a, t) for a, texts in SAYINGS.items() for t in texts])
async def test_a_first_message_does_what_it_says(act: str, text: str) -> None:
    assert (await read(text)).act == act


@pytest.mark.parametrize(("act", "text"), [(a, t) for a, texts in AFTER_CARDS.items() for t in texts])
async def test_a_message_after_cards_does_what_it_says(act: str, text: str) -> None:
    assert (await read(text, wish=FOCUS)).act == act


@pytest.mark.parametrize("text", ["I don't mind", "no preference", "whatever", "doesn't matter"])
async def test_a_question_can_be_declined(text: str) -> None:
    got = await read(text, wish=Wish(asking="moods", asked=("moods",)))
    assert got.declined
    assert not got.preferences


@pytest.mark.parametrize("text", ["funny", "something funny please", "the funny ones", "1", "the first"])
async def test_an_offered_option_answers_the_question(text: str) -> None:
    got = await read(text, wish=Wish(asking="moods", asked=("moods",)))
    if text in ("1", "the first"):
        assert got.act in ("request", "unclear", "smalltalk", "preference")
    else:
        assert [p.limit.values for p in got.preferences] == [("funny",)]


async def test_rejecting_points_at_what_was_shown() -> None:
    got = await read("none of these", wish=FOCUS)
    assert {(m.item, m.feeling) for m in got.mentions} == {("alien-1979", "rejected"), ("heat-1995", "rejected")}


ONCE_SHOWN = {
    "more": [
        "keep them coming", "any other ideas?", "what else you got", "others?", "hit me with more", "next", "uh, more",
        "do you have other suggestions?", "let me see what else there is before i decide", "alien comes close",
        "closer to alien", "the first one is going in the right direction", "i'd like to see some more options",
    ],
    "reject": [
        "no thanks", "nothing there for me", "i can't see myself enjoying any of those", "the rating is too low",
        "i've had alien before", "i'm familiar with alien", "sorry, none of those speak to me",
    ],
    "ask": ["what about the rating?", "the year?", "what about the actor?", "what's alien like?", "how about its genre?"],
    "bye": ["no thanks, bye"],
    "request": ["what about a comedy?", "what about something shorter?"],
}  # fmt: skip


@pytest.mark.parametrize(("act", "text"), [(a, t) for a, texts in ONCE_SHOWN.items() for t in texts])
async def test_more_is_told_from_questions_and_refusals(act: str, text: str) -> None:
    got = await read(text, wish=FOCUS)
    assert got.act == act
    assert not got.phrases
    assert act == "request" or not got.preferences


@pytest.mark.parametrize(
    "text", ["please read again: a comedy", "alien again?", "again, a comedy", "once again: a comedy"]
)
async def test_saying_something_again_does_not_ask_for_what_was_shown(text: str) -> None:
    assert not (await read(text, wish=FOCUS)).repeats


@pytest.mark.parametrize("text", ["show me alien again", "what were those again", "show me that again, please"])
async def test_what_was_shown_can_be_asked_for_again(text: str) -> None:
    assert (await read(text, wish=FOCUS)).repeats
