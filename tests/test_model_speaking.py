"""What a model says to users: replies, answers and questions, checked sentence by sentence."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from convrec.agents.clarify import questions
from convrec.agents.model.answer import answer as answer_question
from convrec.agents.model.clarify import clarify
from convrec.agents.model.respond import respond
from convrec.agents.model.speaking import speak
from convrec.agents.state import Answer, Draft, Exchange, Question, Understanding, Wish
from convrec.agents.turn import Token
from convrec.tools.errors import AnswerError
from convrec.tools.index import Index
from convrec.tools.items import Item
from model_stage import (
    TEXT,
    BreakingChat,
    HeldChat,
    ShapedChat,
    block,
    chat,
    fallbacks,
    handle,
    prompts,
    step,
    thinking,
    thinking_recommender,
    turn,
)
from talk_stage import TEA_ITEMS, TEAS, check_guarantees, index_of, labelled, small_index

GREEN_TEA = {"act": "request", "wants": [{"attribute": "kind", "values": ["green"], "strength": "must"}]}
TWO = ("sencha", "gyokuro")
DRAFT = Draft(
    text="Two teas for green:\n\n- **Sencha** (2023) – Like a meadow.\n- **Gyokuro** (2020) – Grown in the shade.",
    items=TWO, asked="un thé vert", language="fr",
)  # fmt: skip


async def said(
    text: str,
    items: Sequence[str] = TWO,
    sources: Sequence[str] = ("2 min, 1,500 m",),
    index: Index | None = None,
    language: str = "en",
) -> tuple[str, list[str], int]:
    """What is said of a model's text, in which pieces, and how many sentences were left out."""

    async def pieces() -> AsyncIterator[str]:
        for start in range(0, len(text), 5):
            yield text[start : start + 5]

    model, out = handle(chat(), "respond"), []
    whole = await speak(model, pieces(), items, sources, index or index_of("teas"), out.append, language)
    assert "".join(out) == whole
    return whole, out, model.dropped


async def test_titles_are_written_by_code() -> None:
    whole, pieces, dropped = await said("Voici :\n- [1] – frais.\n- **[2]** – doux ! Et voilà.")
    assert whole == "Voici :\n- **Sencha** (2023) – frais.\n- **Gyokuro** (2020) – doux ! Et voilà."
    assert pieces == ["Voici :\n", "- **Sencha** (2023) – frais.\n", "- **Gyokuro** (2020) – doux ! ", "Et voilà."]
    assert dropped == 0


@pytest.mark.parametrize(
    "written", ["Sencha", "**Sencha**", "Sencha (2023)", "**Sencha** (1999)", "[1]", "[ 1 ]", "**[1]**", "__Sencha__"]
)
async def test_a_title_that_the_model_writes_itself_becomes_the_catalogues(written: str) -> None:
    assert (await said(f"Try {written} now."))[0] == "Try **Sencha** (2023) now."


@pytest.mark.parametrize(
    "sentence",
    [
        "Assam Gold is better.", "**Assam Gold** is better.", "**Moon Tea** is new.", "Take [3].", "Take [0].", "Take [99].",
        "It takes 12 minutes.", "It won in 1998.", "Only 99 left!", "See http://evil.example now.", "See www.evil.example.",
        "Click [here](evil).", "<b>Now</b>!", "<script>alert()</script>.", "Run `rm`.", "ftp://x is it.",
    ],
)  # fmt: skip
async def test_a_sentence_with_a_foreign_title_number_link_or_markup_is_left_out(sentence: str) -> None:
    whole, _, dropped = await said(f"One moment. {sentence} Enjoy [1].")
    assert whole == "One moment. Enjoy **Sencha** (2023)."
    assert dropped == 1


async def test_numbers_that_the_model_was_told_may_be_said_and_so_may_how_many_there_are() -> None:
    for text in ("It takes 2 minutes.", "From 1500 m.", "From 1.500 m.", "Here are 2 teas."):
        assert (await said(text))[0] == text
    assert (await said("Ok. Here are 3 teas."))[0].strip() == "Ok."


async def test_a_title_inside_a_longer_one_is_not_taken_for_it() -> None:
    two = Item(id="sencha-gold", title="Sencha Gold", attributes={"kind": ("green",)})
    index = small_index("two senchas", TEAS, [*TEA_ITEMS, two])
    assert (await said("Yes. Sencha Gold is better.", ["sencha"], index=index))[0].strip() == "Yes."
    both = (await said("Sencha Gold beats Sencha.", ["sencha", "sencha-gold"], index=index))[0]
    assert both == "**Sencha Gold** beats **Sencha** (2023)."


async def test_a_title_that_is_a_number_is_not_written_into_numbers() -> None:
    number = Item(id="1", title="1", attributes={"kind": ("green",)})
    index = small_index("numbers", TEAS, [*TEA_ITEMS, number])
    assert (await said("Take [1] or [2].", ["sencha", "1"], index=index))[0] == "Take **Sencha** (2023) or **1**."


@pytest.mark.parametrize("bullet", ["-", "*", "•", "–", "1.", "1)"])
async def test_lists_are_written_in_one_way(bullet: str) -> None:
    whole, *_ = await said(f"Here:\n{bullet} [1] – good.\n{bullet} [2] – better.")
    assert whole == "Here:\n- **Sencha** (2023) – good.\n- **Gyokuro** (2020) – better."


async def test_what_is_left_out_leaves_lines_as_they_were() -> None:
    whole, *_ = await said("Here you are: See http://evil.example now.\n- [1] – good.\n- [2] – good.")
    assert whole == "Here you are: \n- **Sencha** (2023) – good.\n- **Gyokuro** (2020) – good."


async def test_the_rest_of_an_items_line_goes_with_its_beginning() -> None:
    whole, _, dropped = await said(
        "Here:\n- [1] – only 99 left. It is the best. Really.\n- [2] – good. It is sweet.\nEnjoy."
    )
    assert whole == "Here:\n- **Gyokuro** (2020) – good. It is sweet.\nEnjoy."
    assert dropped == 3


async def test_a_language_without_blanks_is_said_sentence_by_sentence_too() -> None:
    whole, pieces, dropped = await said("おすすめです。99分かかります。[1]は爽やか！[2]は甘い。")
    assert whole == "おすすめです。**Sencha** (2023)は爽やか！**Gyokuro** (2020)は甘い。"
    assert (len(pieces), dropped) == (3, 1)


async def test_a_reply_has_an_end() -> None:
    whole, _, dropped = await said(" ".join(["Yes."] * 40))
    assert whole.count("Yes.") == 7
    assert dropped == 33


@pytest.mark.parametrize("text", ["See http://evil.example.", "   ", "\n\n", "Take [9]."])
async def test_a_reply_of_which_nothing_may_be_said_is_none(text: str) -> None:
    with pytest.raises(AnswerError):
        await said(text)


async def reply(text: str, draft: Draft = DRAFT) -> str:
    out: list[str] = []
    whole = await respond(handle(chat(reply=text), "respond"), draft, index_of("teas"), [], out.append)
    assert "".join(out).strip() == whole
    return whole


async def test_an_item_that_the_reply_leaves_out_gets_the_drafts_line() -> None:
    assert await reply("Voici un thé :\n- [2] – doux.") == (
        "Voici un thé :\n- **Gyokuro** (2020) – doux.\n- **Sencha** (2023) – Like a meadow."
    )
    nearest = Draft(text="Nothing fits. The nearest: **Sencha** (2023) and **Gyokuro** (2020).", items=TWO)
    assert await reply("Rien ne va, sauf [1].", nearest) == "Rien ne va, sauf **Sencha** (2023).\n- **Gyokuro** (2020)"


async def test_a_reply_that_is_only_a_list_is_none() -> None:
    with pytest.raises(AnswerError):
        await reply("- [1] – doux.\n- [2] – frais.")


async def test_the_prompt_of_a_reply_holds_draft_items_talk_message_and_language() -> None:
    model = chat(reply="Voici [1] et [2].")
    talk = [Exchange(text="first", reply="old"), Exchange(text="bonjour </data>", reply="Hello!")]
    await respond(handle(model), DRAFT, index_of("teas"), talk, lambda _: None)
    (prompt,) = prompts(model, TEXT)
    assert block(prompt, "draft") == "Two teas for green:\n\n- [1] – Like a meadow.\n- [2] – Grown in the shade."
    assert block(prompt, "items").startswith("[1] Sencha; kind: green; steeping time: 2 min; ")
    assert "\n\n[2] Gyokuro; " in block(prompt, "items")
    assert block(prompt, "talk") == "user: bonjour ‹/data>\nyou: Hello!"
    assert block(prompt, "message") == "un thé vert"
    assert prompt.endswith("Language: fr")


async def stream(folder: Path, model: ShapedChat, text: str, *, effort: Any = "low") -> tuple[list[Token], Answer]:
    tokens: list[Token] = []
    answer: Answer | None = None
    async with thinking_recommender(folder, thinking(model, effort)) as opened:
        async for event in opened.astream(text):
            if isinstance(event, Token):
                tokens.append(event)
            if isinstance(event, Answer):
                answer = event
        assert answer is not None
        check_guarantees(answer, Wish(), index_of("teas"))
    return tokens, answer


async def test_the_first_sentence_is_out_before_the_model_has_ended(tmp_path: Path) -> None:
    model = HeldChat(
        said={"Understanding": GREEN_TEA, TEXT: "These three suit you:\n- [1] – a.\n- [2] – b.\n- [3] – c."}
    )
    tokens: list[str] = []
    async with thinking_recommender(tmp_path, thinking(model)) as opened, asyncio.timeout(20):
        async for event in opened.astream("a green tea"):
            if isinstance(event, Token):
                tokens.append(event.text)
                model.let_go()
    assert tokens[0] == "These three suit you:\n"


async def test_what_is_streamed_is_what_is_answered(tmp_path: Path) -> None:
    tokens, answer = await stream(tmp_path, chat(Understanding=GREEN_TEA), "a green tea")
    assert "".join(t.text for t in tokens).split() == answer.reply.split()
    assert not any(t.fresh for t in tokens)
    assert step(answer, "respond").brain == "scripted"


async def test_a_stream_that_breaks_is_taken_back_for_the_built_in_reply(tmp_path: Path) -> None:
    model = BreakingChat(said={"Understanding": GREEN_TEA, TEXT: "Voici. Trois thés verts bien frais. Et puis encore."})
    tokens, answer = await stream(tmp_path, model, "a green tea")
    assert tokens[0] == Token("Voici. ")
    fresh = [n for n, t in enumerate(tokens) if t.fresh]
    assert len(fresh) == 1
    assert "".join(t.text for t in tokens[fresh[0] :]) == answer.reply
    assert "Voici" not in answer.reply
    assert fallbacks(answer).keys() == {"respond"}


async def test_a_stream_that_breaks_before_its_first_sentence_takes_nothing_back(tmp_path: Path) -> None:
    model = BreakingChat(said={"Understanding": GREEN_TEA, TEXT: "Voici trois thés verts."}, words=2)
    tokens, answer = await stream(tmp_path, model, "a green tea")
    assert not any(t.fresh for t in tokens)
    assert "".join(t.text for t in tokens) == answer.reply


@pytest.mark.parametrize(
    "text", ["", "- [1]\n- [2]\n- [3]", "Only http://evil.example.", "Take Assam Gold.", OSError("gone")]
)
async def test_a_reply_that_cannot_be_used_is_the_built_in_one(tmp_path: Path, text: Any) -> None:
    _, answer = await stream(tmp_path, chat(Understanding=GREEN_TEA, reply=text), "a green tea")
    assert fallbacks(answer).keys() == {"respond"}
    assert answer.reply.startswith("Three teas for green:")


async def test_sentences_that_are_left_out_show_in_the_step(tmp_path: Path) -> None:
    text = "Here you go. It costs 99 pounds. Buy Assam Gold.\n- [1] – a.\n- [2] – b.\n- [3] – c."
    _, answer = await stream(tmp_path, chat(Understanding=GREEN_TEA, reply=text), "a green tea")
    assert step(answer, "respond").dropped == 2
    assert not fallbacks(answer)
    assert "99" not in answer.reply


MISS = {"act": "request", "wants": [{"attribute": "kind", "values": ["green"], "strength": "must"},
                                    {"attribute": "minutes", "low": "5", "strength": "must"}]}  # fmt: skip


@pytest.mark.parametrize(
    "understood",
    [
        MISS,
        {"act": "greet"},
        {"act": "thanks"},
        {"act": "bye"},
        {"act": "help"},
        {"act": "smalltalk"},
        {"act": "unclear"},
        {"act": "reset"},
        {"act": "surprise"},
        {"act": "preference", "named": [{"title": "Sencha", "feeling": "liked"}]},
        {"act": "accept", "named": [{"title": "Sencha", "feeling": "accepted"}]},
    ],
    ids=lambda u: str(u["act"]),
)
async def test_every_kind_of_reply_is_said_by_the_model_and_keeps_the_guarantees(
    tmp_path: Path, understood: Any
) -> None:
    _, answer = await stream(tmp_path, chat(Understanding=understood), "…")
    assert step(answer, "respond").brain == "scripted"
    assert not fallbacks(answer)
    assert answer.usage.calls == 2


def asks(*items: str, kind: Any = "fact", attribute: str | None = "minutes", words: str = "how long?") -> Question:
    return Question(items=items, kind=kind, attribute=attribute, words=words)


async def answered(model: ShapedChat, question: Question) -> str:
    understood = Understanding(act="ask", question=question, language="de")
    return await answer_question(
        handle(model, "answer"), question, Wish(), index_of("teas"), understood, lambda _: None
    )


async def test_an_answer_names_the_items_asked_about_by_number() -> None:
    model = chat(reply="[1] zieht 2 Minuten, [2] ebenso.")
    assert await answered(model, asks(*TWO)) == "**Sencha** (2023) zieht 2 Minuten, **Gyokuro** (2020) ebenso."
    (prompt,) = prompts(model, TEXT)
    assert block(prompt, "items").startswith("[1] Sencha\nkind: green\nsteeping time: 2 min")
    assert block(prompt, "message") == "how long?"
    assert prompt.endswith("Language: de")
    assert "The steeping time of **Sencha** (2023): 2 min." in block(prompt, "draft")


@pytest.mark.parametrize(
    "text", ["[1] zieht 2 Minuten.", "Beide.", "[1] und [2], wie Assam Gold.", "[1], [2], 17 Minuten."]
)
async def test_an_answer_that_leaves_an_item_out_or_names_another_is_none(text: str) -> None:
    with pytest.raises(AnswerError):
        await answered(chat(reply=text), asks(*TWO))


async def test_a_turn_answers_a_question_in_two_calls(tmp_path: Path) -> None:
    understood = {
        "act": "ask", "shown": [{"item": "s1", "feeling": "asked"}], "question": {"kind": "fact", "attribute": "minutes"},
    }  # fmt: skip
    model = chat(Understanding=understood, reply="[1] is quick.")
    answer = await turn(tmp_path, "how long?", model, "a green tea")
    assert answer.reply.endswith("is quick.")
    assert len(answer.items) == 1
    assert answer.usage.calls == 2
    assert not fallbacks(answer)


async def test_an_answer_about_what_was_not_asked_is_the_built_in_one(tmp_path: Path) -> None:
    understood = {"act": "ask", "shown": [{"item": "s1", "feeling": "asked"}], "question": {"kind": "about"}}
    model = chat(Understanding=understood, reply="Ignore that. Assam Gold, for 99 pounds at http://evil.example.")
    answer = await turn(tmp_path, "what is it?", model, "a green tea")
    assert fallbacks(answer).keys() == {"answer"}
    assert "evil" not in answer.reply


def every_row() -> np.ndarray:
    return np.arange(len(TEA_ITEMS))


async def asked(question: dict[str, Any], wish: Wish | None = None) -> tuple[ShapedChat, Any]:
    model = chat(Question=question)
    talk = [Exchange(text="hallo", reply="Hello!")]
    understood = Understanding(act="request", language="de")
    wish = wish or Wish()
    return model, await clarify(handle(model), wish, index_of("teas"), every_row(), understood, "ein Tee", talk)


async def test_the_model_chooses_among_the_best_questions_and_the_options_stay_the_catalogues() -> None:
    best = questions(Wish(), index_of("teas"), every_row())
    for number, question in enumerate(best[:2], 1):
        model, made = await asked({"question": f"q{number}", "sentences": ["Was darf es sein?"]})
        assert made == question.model_copy(update={"text": "Was darf es sein?"})
        (prompt,) = prompts(model, "Question")
        assert f"q{number} " in block(prompt, "questions")
        assert all(option in block(prompt, "questions") for option in question.options)
        assert prompt.endswith("Language: de")


@pytest.mark.parametrize(
    "text", ["", " ", "Wie wäre Assam Gold?", "Take **Sencha**?", "Or 99 of them?", "See http://evil.example?"]
)
async def test_a_question_that_names_or_promises_something_is_none(text: str) -> None:
    with pytest.raises(AnswerError):
        await asked({"question": "q1", "sentences": [text]})


async def test_numbers_of_the_options_may_be_in_the_question() -> None:
    timed = next(q for q in questions(Wish(), index_of("teas"), every_row()) if q.attribute in ("minutes", "picked"))
    place = questions(Wish(), index_of("teas"), every_row()).index(timed) + 1
    _, made = await asked({"question": f"q{place}", "sentences": [f"Lieber {timed.options[0]}?"]})
    assert made.text == f"Lieber {timed.options[0]}?"


async def test_nothing_is_asked_twice_and_where_nothing_is_left_no_model_is_asked() -> None:
    asked_all = tuple(a.name for a in TEAS.attributes)
    model, made = await asked({"question": "q1", "sentences": ["Was?"]}, Wish(asked=asked_all))
    assert (made, model.asked) == (None, [])
    model, _ = await asked({"question": "q1", "sentences": ["Was?"]}, Wish(asked=("kind",)))
    assert "q1 kind" not in prompts(model, "Question")[0]


async def test_a_turn_asks_in_two_calls(tmp_path: Path) -> None:
    model = chat(
        Understanding={"act": "request", "language": "fr"}, Question={"question": "q2", "sentences": ["Lequel ?"]}
    )
    answer = await turn(tmp_path, "un thé", model)
    assert answer.reply == "Lequel ?"
    assert answer.question is not None
    assert answer.suggestions == answer.question.options
    assert answer.usage.calls == 2
    assert not fallbacks(answer)


async def test_the_answer_to_a_question_is_known_to_be_one(tmp_path: Path) -> None:
    model = chat(Understanding=[{"act": "request"}, GREEN_TEA], Question={"question": "q1", "sentences": ["Well?"]})
    async with thinking_recommender(tmp_path, thinking(model, "low")) as opened:
        await opened.reply("a tea")
        await opened.reply("green")
    label = questions(Wish(), index_of("teas"), every_row())[0].attribute
    assert (
        f"Asked of the user: {next(a.label for a in TEAS.attributes if a.name == label)}"
        in prompts(model, "Understanding")[1]
    )


async def test_a_liked_item_and_a_limit_reach_the_reply(tmp_path: Path) -> None:
    said_so = {**GREEN_TEA, "language": "fr", "named": [{"title": "assam gold", "feeling": "liked"}]}
    model = chat(Understanding=said_so)
    answer = await turn(tmp_path, "j'aime Assam Gold, mais vert", model)
    assert {p.key for p in answer.preferences} == {labelled("kind", "green").key}
    assert "likes: Assam Gold" in block(prompts(model, "Judgement")[0], "wishes")
    assert prompts(model, TEXT)[0].endswith("Language: fr")


@pytest.mark.parametrize(
    ("language", "sentence", "out"),
    [
        ("en", "The Silver Comet of Nowhere is better than all of them.", False),
        ("en", "You would love Silver Comet even more.", False),
        ("en", "Fans of the Brahmaputra Valley will like it.", True),
        ("fr", "Vous aimerez encore plus La Comète Argentée.", False),
        ("de", "Ein Tee für ruhige Abende Zu Zweit.", True),
    ],
)
async def test_a_name_of_several_words_that_nobody_told_is_not_said(language: str, sentence: str, out: bool) -> None:
    sources = ["A breakfast tea from the Brahmaputra Valley."]
    whole, _, dropped = await said(f"Try [1]. {sentence}", sources=sources, language=language)
    assert (sentence in whole, dropped) == (out, not out)
