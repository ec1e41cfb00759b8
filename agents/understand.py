"""The user-understanding agent, built-in brain: one message and the talk so far, read into an `Understanding`.

No language model: the catalogue's own words (tools/lexicon.py) carry the domain, the patterns in agents/language/ the
English. It is deterministic, and costs a few milliseconds.
"""

import re
from datetime import date

from ..tools.english import is_english
from ..tools.index import Index
from ..tools.limits import Limit, Range, complement
from ..tools.words import stem, words
from .language import acts
from .language.clauses import Clause, blank_out, read_clauses
from .language.comparisons import Measured, read_comparisons, read_limits
from .language.complaints import read_complaints, rejecting
from .language.corrections import read_corrections
from .language.feelings import read_feelings
from .language.idioms import empty_places, without_opening
from .language.labels import label_preferences, read_labels, same_as_shown, strength_of
from .language.lasting import settle
from .language.lives import read_lives
from .language.message import Message
from .language.phrases import is_content, is_filler, read_phrases
from .language.quantities import Quantity, find_quantities
from .language.questions import attribute_asked_for, read_question
from .language.references import Reference, read_references
from .language.scopes import Scopes
from .language.titles import read_titles
from .language.vague import read_vague
from .state import Act, Mention, Preference, Understanding, Wish

_ASKED_FOR = frozenset("suggestions recommendations options ideas picks choices more others".split())
_COUNT_BEFORE = re.compile(
    r"\b(?:give|show|recommend|suggest|find|get|list|name|want|need|top|best|pick|me|just|only|another|the)\s*$"
)
_TASTE = re.compile(
    r"\b(?:i|we)(?:'m| am|'re| do| did| not| also| really| usually| generally| always| just|"
    r" absolutely| can't| cannot| never)* (?:love|loved|like|liked|enjoy|enjoyed|hate|hated|adore|"
    r"adored|dislike|prefer|stand|into|allergic|a (?:big |huge )?fan|watch|read|play)"
    r"|^\W*(?:love|loved|hate|hated|enjoyed|liked|adored)\b|\bmy favou?rites?\b|\b(?:is|was|were|"
    r"are) (?:my favou?rite|great|amazing|brilliant|the best|wonderful|awful|terrible|boring|"
    r"beautiful)\b"
)
_EARLIER = re.compile(
    r"\b(?:one|ones|thing|\w+) you (?:first )?(?:showed|recommended|suggested|mentioned|gave)\b|\byou showed me first\b"
)
_RESTART = re.compile(
    r"^.+\b(?:no,? wait|wait,? no|scratch that|strike that|on second thoughts?|hold on,? no|actually,? no)\b"
    r"[\s,.:;!-]*(?=\w+ \w)",
    re.IGNORECASE | re.DOTALL,
)
"""What was said before somebody begins again."""


async def understand(text: str, wish: Wish, index: Index, today: date | None = None) -> Understanding:
    """What a message means, given what the conversation has wished for so far."""
    catalogue = index.catalogue
    wanted = frozenset((p.limit.attribute or "", v) for p in wish.preferences if p.wanted for v in p.limit.values)
    message = Message.read(_RESTART.sub("", text), index.lexicon, wish.asking, wanted)
    earlier = bool(_EARLIER.search(message.level))
    references = read_references(message, wish.shown if earlier else wish.focus, catalogue, wish.spoken)
    found_quantities = find_quantities(message.level, today or date.today())
    named = read_titles(message, found_quantities, catalogue, (*wish.focus, *wish.shown))
    titles = [(t.start, t.end) for t in named]
    message.clauses.extend(read_clauses(message.level, titles))
    labels_with_numbers = [
        (message.start(f), message.end(f)) for f in message.found if f.of("attribute") and f.end - f.start > 1
    ]
    quantities = [
        q
        for q in found_quantities
        if all(q.start < s or q.start >= e for s, e in labels_with_numbers)
        and all(q.end <= s or q.start >= e for s, e in titles)
        and all(q.end <= r.start or q.start >= r.end for r in references if len(r.items) == 1)
    ]
    quantities, count = _take_count(message, quantities, index)
    comparisons = read_comparisons(message, catalogue, wish.focus, lambda a, b: _named(message, a, b, references))
    for quantity in quantities:
        if quantity.kind == "age":
            message.take(quantity.start, quantity.end)
    limits = read_limits(message, quantities, catalogue)
    bounded = {m.limit.attribute for m in limits}
    comparisons = [c for c in comparisons if not c.relative or c.limit.attribute not in bounded]
    measured = [m for m in limits if all(m.end <= c.start or m.start >= c.end for c in comparisons)] + comparisons
    quiet = titles + [(m.start, m.end) for m in measured]
    # A label of several words may hold what elsewhere is a cue: "love beyond death", "no dialogue".
    labels_with_cues = [message.place(f) for f in message.found if f.of("value") and f.end - f.start > 1]
    scopes = Scopes(message.level, quiet + labels_with_cues)
    mentions = read_feelings(message, named, references, scopes, wish.focus)
    complaints = read_complaints(message, named, references, wish)
    mentions = rejecting(mentions, complaints)
    for complaint in complaints:
        scopes.rule(complaint.start, complaint.end, complaint.force)
        message.clauses.insert(0, Clause(complaint.start, complaint.end, "wish"))
    compared = [i for c in comparisons for i in _named(message, c.end, c.end + 40, ())][:1]
    for start, end in quiet:
        message.take(start, end)
    for reference in references:
        message.take(reference.start, reference.end)
    corrections = read_corrections(message, wish, catalogue)
    resets = [m.span() for m in acts.RESET.finditer(message.level)]
    empty = empty_places(message)
    for start, end in [*resets, *empty, *scopes.places]:
        message.take(start, end)
    cues = [(s, e) for s, e in map(message.place, message.found) if any(a <= s and e <= b for a, b in scopes.places)]
    passed = [*quiet, *resets, *empty, *cues, *corrections.places, *((r.start, r.end) for r in references)]
    labels = read_labels(message, catalogue, passed)
    preferences = [p for m in measured if (p := _limit_preference(message, m, scopes, wish.asking))]
    preferences += label_preferences(message, labels, scopes, catalogue)
    preferences = corrections.without_exchanged(preferences)
    named_items = tuple(m.item for m in mentions)
    preferences += same_as_shown(
        message, _pointed(references) or tuple(compared) or named_items or wish.focus, catalogue
    )
    ranged = {p.limit.attribute for p in preferences if p.limit.ranges}
    for vague in read_vague(message, scopes, catalogue):
        if vague.limit.attribute in ranged:
            message.take(vague.start, vague.end)
            continue
        soft = catalogue.schema.attribute(vague.limit.attribute or "").measure != "age"
        said = message.words(scopes.cue_start(vague.start), vague.end)
        force = scopes.force(vague.start)
        strength = "must" if force == "must" or not soft else "prefer"
        preferences.append(Preference(limit=vague.limit, strength=strength, words=said))
        message.take(vague.start, vague.end)
    for found in message.found:
        halved = message.level[message.end(found) : message.end(found) + 1] == "-"
        if found.of("noun") or (found.of("attribute") and not halved):
            message.take(message.start(found), message.end(found))
    facts = read_lives(message, titles, (catalogue.schema.noun, catalogue.schema.nouns, *catalogue.schema.also))
    for fact in facts:
        if fact.plain:
            message.take(fact.start, fact.end)
    phrases = read_phrases(message)
    sure = bool(preferences or mentions)
    known = [
        p for p in phrases if is_content(message, p) and (_is_known(p.text, index) or (sure and _is_wordlike(p.text)))
    ]
    preferences += [q for p in known if (q := _phrase_preference(message, p.start, p.end, p.text, scopes))]
    spoken = without_opening(message, blank_out(message.level, titles))
    act = _act(message, spoken, wish, preferences, mentions, references, known, corrections.resets, index)
    if act in ("smalltalk", "unclear") and corrections.places:
        act = "request"
    question = None
    if act in ("ask", "compare"):
        question = read_question(message, mentions, references, wish, catalogue, act)
        if question is None:
            act = "request" if preferences or mentions else "help"
        else:
            preferences = []
            mentions = [m for m in mentions if m.feeling not in ("like_this", "accepted")]
    beside = any(m.feeling in ("like_this", "liked") for m in mentions)
    preferences = settle(
        message,
        (p.model_copy(update={"relative": p.relative or beside}) for p in _agreed(_distinct(preferences))),
        facts,
    )
    declined = wish.asking is not None and bool(acts.DECLINE.search(message.level)) and not preferences
    if act == "unclear" and facts:
        act = "smalltalk"
    if act == "smalltalk":
        preferences = []
    return Understanding(
        act=act,
        preferences=tuple(preferences),
        dropped=tuple(corrections.dropped(preferences)),
        mentions=tuple(_with_rejections(act, mentions, wish, message)),
        question=question,
        phrases=tuple(p.text for p in known),
        count=count,
        repeats=bool(acts.AGAIN.search(message.level)),
        declined=declined,
        notes=tuple(p.text for p in phrases if not _is_known(p.text, index)) if act == "unclear" else (),
        facts=tuple(f.text for f in facts if not f.said_by(preferences)),
    )


def _agreed(preferences: list[Preference]) -> list[Preference]:
    """Preferences without those that refuse what the same message wants: "not French, sorry. Only French, please"."""
    wanted = {(p.limit.attribute, v) for p in preferences if p.wanted for v in p.limit.values}

    def refuses_what_is_wanted(one: Preference) -> bool:
        values = [(one.limit.attribute, v) for v in one.limit.values]
        return not one.wanted and bool(values) and wanted.issuperset(values)

    return [p for p in preferences if not refuses_what_is_wanted(p)]


def _named(message: Message, start: int, end: int, references) -> list[str]:
    ids = [i for f in message.found if start <= message.start(f) <= end for s in f.of("item") for i in s.items[:1]]
    return ids or [i for r in references if start <= r.start <= end for i in r.items]


def _pointed(references: list[Reference]) -> tuple[str, ...]:
    return next((r.items for r in references if r.certain), ())


def _take_count(message: Message, quantities: list[Quantity], index: Index) -> tuple[list[Quantity], int | None]:
    """ "five of them", "give me three", "top 10": a number of items to show, not a limit."""
    schema = index.catalogue.schema
    nouns = {schema.noun, schema.nouns, *schema.also}
    for quantity in quantities:
        if (
            quantity.kind != "number"
            or quantity.unit.startswith(("player", "page", "people", "star", "hour", "min"))
            or not 1 <= quantity.number <= 50
            or quantity.number != int(quantity.number)
        ):
            continue
        before = message.level[: quantity.start]
        named = quantity.unit in nouns or quantity.unit in _ASKED_FOR
        opens = not before.strip() or _COUNT_BEFORE.search(before)
        ahead = any(f.of("noun") or f.of("value") for f in message.found if 0 < message.start(f) - quantity.start < 40)
        if named or (opens and ahead) or (_COUNT_BEFORE.search(before) and not quantity.unit):
            if (
                quantity.number == 1
                and not re.search(r"\bjust\s*$", before)
                and not (named and quantity.unit != "more")
            ):
                continue
            message.take(quantity.start, quantity.end)
            return [q for q in quantities if q is not quantity], min(int(quantity.number), 10)
    return quantities, None


def _limit_preference(message: Message, measured: Measured, scopes: Scopes, asking: str | None) -> Preference | None:
    force = scopes.force(measured.end - 1)
    if force == "ignore":
        return None
    limit = measured.limit
    if force in ("must_not", "avoid") and len(limit.ranges) == 1 and (other := complement(limit.ranges[0])):
        limit, force = limit.model_copy(update={"ranges": (other,)}), "must" if force == "must_not" else "prefer"
    if force == "must_not" and measured.soft:
        limit, force = limit.model_copy(update={"ranges": (Range(high=limit.ranges[0].low),)}), "prefer"
    answers = measured.limit.attribute == asking
    strength = (
        "prefer"
        if measured.soft and not answers and force in (None, "must")
        else strength_of(force, None)
        if force
        else "must"
    )
    words = message.words(scopes.cue_start(measured.start), measured.end)
    return Preference(limit=limit, strength=strength, words=words, relative=measured.relative)


def _phrase_preference(message: Message, start: int, end: int, text: str, scopes: Scopes) -> Preference | None:
    force = scopes.force(start)
    if force == "ignore":
        return None
    strength = force if force in ("must", "avoid", "must_not") else "prefer"
    words = message.words(scopes.cue_start(start) if force else start, end)
    return Preference(limit=Limit(attribute=None, values=(text,)), strength=strength, words=words)


def _is_wordlike(phrase: str) -> bool:
    """Whether a phrase could be words: Latin letters with vowels, not two or three letters of shorthand."""
    return any(len(w) > 3 and w.isascii() and re.search("[aeiouy]", w) for w in words(phrase))


def _is_known(phrase: str, index: Index) -> bool:
    """Whether a phrase holds a word of the catalogue or of English."""
    return any(index.lexical.frequency(stem(w)) or is_english(w) for w in words(phrase))


def _distinct(preferences: list[Preference]) -> list[Preference]:
    """Preferences without repeats; of two for the same thing, the binding one."""
    hard = {(p.limit, p.wanted) for p in preferences if p.hard}
    return list({p.key: p for p in preferences if p.hard or (p.limit, p.wanted) not in hard}.values())


def _act(
    message: Message,
    spoken: str,
    wish: Wish,
    preferences: list[Preference],
    mentions: list[Mention],
    references: list[Reference],
    known: list,
    resets: bool,
    index: Index,
) -> Act:
    """The one act that decides where the turn goes; `spoken` is the message with its titles blanked."""
    level = spoken.strip()
    schema = index.catalogue.schema
    wants = bool(preferences) or any(m.feeling in ("like_this", "liked") for m in mentions)
    if resets and not preferences:
        return "reset"
    if not preferences and not mentions:
        for pattern, act in ((acts.GREETING, "greet"), (acts.BYE, "bye"), (acts.THANKS, "thanks")):
            if act == "thanks" and wish.focus and acts.NO_THANKS.match(level):
                return "reject"
            if pattern.match(level) and not (
                act == "thanks"
                and wish.focus
                and acts.ACCEPT.search(level)
                and not re.search(r"\bthank|\bthx|\bcheers", level)
            ):
                return act  # type: ignore[return-value]
    if not wants and acts.HELP.search(level):
        return "help"
    if wish.focus and attribute_asked_for(message):
        return "ask"
    questioning = bool(acts.QUESTION.search(level))
    pointed = bool(references) or bool(mentions)
    more_like = any(m.feeling == "like_this" and m.item in wish.focus for m in mentions)
    more = bool(acts.with_nouns(acts.MORE, schema.noun, schema.nouns).search(level))
    if wish.focus and more and not preferences and not mentions and not acts.ABOUT.search(level):
        return "more"
    if not more_like and (questioning or acts.ABOUT.search(level) or acts.WHY.search(level)):
        if questioning and sum(r.certain for r in references) > 1 and acts.BETWEEN_TWO.search(level):
            return "compare"
        if wish.focus and acts.COMPARE.search(level) and not acts.asks_about_items(re.sub(r"\bsomething\b", "", level)):
            return "compare"
        if _asks_a_fact(level, wish, pointed, preferences, mentions):
            return "ask"
    if wish.focus and acts.COMPARE.search(level) and not preferences:
        return "compare"
    if wish.focus and re.match(r"\W*too \w", level):
        return "reject"
    if more_like:
        return "more"
    rejected = any(m.feeling in ("seen", "disliked", "rejected") and m.item in wish.shown for m in mentions)
    if wish.focus and any(m.feeling == "accepted" for m in mentions) and not preferences:
        return "accept"
    if not wants and not rejected and message.clauses and message.clauses[-1].kind == "closing" and not questioning:
        if wish.focus and acts.ACCEPT.search(level):
            return "accept"
        return (
            "bye"
            if re.search(r"\b(?:bye|good ?night|see you|take care|have a (?:good|great|nice))\b", level)
            else "thanks"
        )
    if wish.focus and more and not preferences and not rejected:
        return "more"
    if wish.focus and not wish.asking and (rejected or (acts.REJECT.search(level) and not acts.NOT_SEEN.search(level))):
        return "reject" if not preferences or rejected else "request"
    if wish.focus and not preferences and acts.ACCEPT.search(level) and not questioning:
        return "accept"
    if acts.with_nouns(acts.SURPRISE, schema.noun, schema.nouns).search(level) and not preferences:
        return "surprise"
    if wish.asking and not preferences and acts.DECLINE.search(level):
        return "surprise"
    if acts.NO_CONTEXT.search(level) and not mentions and not any(p.limit.attribute for p in preferences):
        return "smalltalk"
    if preferences or mentions or known:
        statement = (
            (bool(_TASTE.search(level)) or (bool(mentions) and not preferences))
            and not acts.asks_about_items(level)
            and not questioning
        )
        return "preference" if statement and not any(m.feeling == "like_this" for m in mentions) else "request"
    speaks_of_items = any(f.of("noun") for f in message.found)
    if (acts.asks_about_items(level) or speaks_of_items) and not acts.NO_CONTEXT.search(level):
        known_only = not _unknown_words(message)
        return "request" if known_only or speaks_of_items else "unclear"
    if acts.NO_CONTEXT.search(level):
        return "smalltalk"
    return "unclear" if _unknown_words(message) or not message.tokens else "smalltalk"


def _asks_a_fact(level: str, wish: Wish, pointed: bool, preferences: list[Preference], mentions: list[Mention]) -> bool:
    """Whether a question is about items in view or named, rather than for items."""
    if acts.WHY.search(level) and (wish.focus or mentions):
        return True
    if any(m.feeling for m in mentions):
        return False
    asks = acts.asks_about_items(level)
    if re.search(r"\b(?:something|anything|another)\b", level) and asks:
        return False
    if acts.ABOUT.search(level) and (pointed or wish.focus) and not asks:
        return True
    if pointed and not re.search(
        r"\b(?:do you have|have you got|is there|are there|recommend|suggest|looking for|show me|find me|"
        r"any(?:thing)?)\b(?! (?:good|violen))",
        level,
    ):
        return True
    short = len(level.split()) <= 5
    return (
        bool(wish.focus) and short and not asks and not (preferences and level.startswith(("how about", "what about")))
    )


def _unknown_words(message: Message) -> bool:
    free = (t.text for t, taken in zip(message.tokens, message.taken, strict=True) if not taken)
    return not message.tokens or any(not is_filler(word) for word in free)


def _with_rejections(act: Act, mentions: list[Mention], wish: Wish, message: Message) -> list[Mention]:
    """A rejection or acceptance that points at nothing is of what was shown last."""
    if act == "reject":
        mentions = [m for m in mentions if m.feeling is not None or m.item not in wish.focus]
    felt = {m.item for m in mentions if m.feeling is not None}
    if act == "reject" and not any(m.feeling in ("seen", "disliked", "rejected") for m in mentions):
        left = (i for i in wish.focus if i not in felt)
        return [*mentions, *(Mention(item=i, feeling="rejected", words=message.text.strip()) for i in left)]
    taken = wish.spoken or (wish.focus[0] if len(wish.focus) == 1 else None)
    if act == "accept" and not any(m.feeling == "accepted" for m in mentions) and taken:
        return [*mentions, Mention(item=taken, feeling="accepted", words=message.text.strip())]
    return mentions
