"""What each metric means, where it comes from, and which way is better: the words that reports show beside the figures."""

import re
from collections.abc import Mapping

from ...agents.state import Noun


class Definition(Noun):
    """One metric.

    Attributes:
        meaning: what it is, in a line.
        source: the paper that it comes from; empty where it is plain counting.
        higher_is_better: None where neither way is better in itself.
        share: whether it is a share from 0 to 1.
    """

    meaning: str
    source: str = ""
    higher_is_better: bool | None = True
    share: bool = True


_LEI = "Lei et al., WSDM 2020"
_TAU = "Yao et al., tau-bench, 2024"
_ABDOLLAHPOURI = "Abdollahpouri, Burke and Mobasher, FLAIRS 2019"
_JARVELIN = "Järvelin and Kekäläinen, TOIS 2002"
_VOORHEES = "Voorhees, TREC-8, 1999"
_PER_TURN = "Mean over the system's turns."


def _cost(meaning: str) -> Definition:
    return Definition(meaning=meaning, higher_is_better=False, share=False)


DEFINITIONS: Mapping[str, Definition] = {
    "success rate": Definition(
        meaning="Share of dialogues in which the user took an item that was shown and is good enough for them, or, where "
        "nothing can be, was told so.",
        source=_LEI,
    ),
    "success rate, possible goals": Definition(
        meaning="Success rate over the goals that some item of the catalogue satisfies.", source=_LEI
    ),
    "success rate, impossible goals": Definition(
        meaning="Share of dialogues about goals that nothing satisfies in which the system said so and the user took nothing."
    ),
    "estimated satisfaction": Definition(
        meaning="Mean chance that a person would have left such a dialogue satisfied, by signs that can be counted, learnt "
        "from people's own verdicts; it orders systems better than single dialogues.",
        source="labels of CRSArena-Dial, Bernard et al. 2025; simulator/satisfaction.py",
    ),
    "judged score": Definition(
        meaning="Mean score of a model that judges how satisfied the user left, 1 to 5; answers that it does not give in a "
        "usable shape are left out and counted.",
        share=False,
    ),
    "judged satisfied": Definition(meaning="Share of judged dialogues with a score of 4 or 5."),
    "success rate by turn t": Definition(
        meaning="Share of dialogues about possible goals that have succeeded after at most t turns (SR@t).", source=_LEI
    ),
    "average turns": Definition(
        meaning="Mean number of the system's turns over possible goals; a failure counts all the turns that the user's "
        "patience had.",
        source=_LEI,
        higher_is_better=False,
        share=False,
    ),
    "pass^k": Definition(
        meaning="Chance that k dialogues about the same goal all succeed, C(successes, k) / C(trials, k), mean over goals "
        "with at least k trials.",
        source=_TAU,
    ),
    "reward per turn": Definition(
        meaning="Hidden utility of the item taken in a success (0 otherwise) over the turns it took; mean over possible goals."
    ),
    "utility taken": Definition(
        meaning="Hidden utility of the item that the user took, mean over the dialogues with one."
    ),
    "constraint satisfaction": Definition(
        meaning="Share of the items recommended that break no hard preference which the user had stated."
    ),
    "repeat rate": Definition(
        meaning="Share of the items recommended that were recommended or turned down before.", higher_is_better=False
    ),
    "grounding rate": Definition(
        meaning="Share of the items recommended that are in the catalogue under the title that was shown."
    ),
    "text equals cards": Definition(
        meaning="Share of replies that name exactly the items on their cards, and no other of the catalogue's."
    ),
    "no match correctness": Definition(
        meaning="Of the turns that said nothing fits, or recommended although nothing fitted what the user had stated, the "
        "share that said so rightly."
    ),
    "hit@k of shown": Definition(
        meaning="Share of dialogues with an item that the user really liked (held out) among the first k items shown."
    ),
    "MRR of shown": Definition(
        meaning="1 over the place of the first held-out item among all items shown in a dialogue, 0 without one; mean over "
        "dialogues.",
        source=_VOORHEES,
    ),
    "NDCG of shown": Definition(
        meaning="Discounted hidden utility of a turn's list over that of the best list still to be had; mean over lists, "
        "possible goals.",
        source=_JARVELIN,
    ),
    "coverage": Definition(
        meaning="Share of the catalogue's items that were recommended at all. It grows with the number of dialogues.",
        source="Ge et al., RecSys 2010",
    ),
    "Gini index": Definition(
        meaning="How unevenly recommendations are spread over the catalogue: 0 evenly, 1 all on one item. It falls with the "
        "number of dialogues.",
        source="Fleder and Hosanagar, Management Science 2009",
        higher_is_better=False,
    ),
    "intra-list diversity": Definition(
        meaning="1 - the mean cosine between the items of a turn's list, mean over lists of two or more.",
        source="Ziegler et al., WWW 2005",
        higher_is_better=None,
        share=False,
    ),
    "novelty (EPC)": Definition(
        meaning="Mean of 1 - popularity over a turn's list, higher places counting more; popularity is an item's count over "
        "the greatest.",
        source="Vargas and Castells, RecSys 2011",
        higher_is_better=None,
    ),
    "popularity (ARP)": Definition(
        meaning="Mean popularity of a turn's items, in the catalogue's own counts, mean over lists.",
        source=_ABDOLLAHPOURI,
        higher_is_better=None,
        share=False,
    ),
    "long-tail items (ACLT)": Definition(
        meaning="Long-tail items in a turn's list, mean over lists. The tail is all but the most popular items that gather "
        "80% of the counts.",
        source=_ABDOLLAHPOURI,
        higher_is_better=None,
        share=False,
    ),
    "long-tail share (APLT)": Definition(
        meaning="Share of a turn's list that is long tail, mean over lists.",
        source=_ABDOLLAHPOURI,
        higher_is_better=None,
    ),
    "PopREO": Definition(
        meaning="How unequal the chances of popular and of long-tail held-out items are to be shown: standard deviation over "
        "mean, 0 is equal.",
        source="Zhu, Wang and Caverlee, SIGIR 2020",
        higher_is_better=False,
    ),
    "calls per turn": _cost(f"Calls of language models. {_PER_TURN}"),
    "calls per dialogue": _cost("Calls of language models, mean over dialogues."),
    "prompt tokens per turn": _cost(f"Tokens that language models were given. {_PER_TURN}"),
    "completion tokens per turn": _cost(f"Tokens that language models wrote. {_PER_TURN}"),
    "tokens per dialogue": _cost("Tokens given and written, mean over dialogues."),
    "fallbacks per turn": _cost(f"Steps in which something simpler took a model's place. {_PER_TURN}"),
    "seconds p50": _cost("Median time of a turn, or of a ranking."),
    "seconds p95": _cost("The time under which 95% of turns, or of rankings, stay."),
    "first token seconds p50": _cost("Median time until the first piece of a reply, where replies come in pieces."),
    "first token seconds p95": _cost("The time within which 95% of replies begin, where they come in pieces."),
    "Recall@k": Definition(meaning="Share of a case's targets among the first k of its ranking, mean over cases."),
    "Hit@k": Definition(meaning="Share of cases with any target among the first k of the ranking."),
    "MRR": Definition(
        meaning="1 over the rank of the first target, 0 where the ranking has none; mean over cases.", source=_VOORHEES
    ),
    "NDCG@k": Definition(
        meaning="Discounted gain of the targets among the first k, over that of the best ranking; mean over cases.",
        source=_JARVELIN,
    ),
}
"""Metric name -> what it means; a metric that comes in several depths stands once, with k or t for the depth."""


def definition_of(name: str) -> Definition:
    """What a metric means, whatever its depth: `pass^3` and `Recall@10` have the definitions of `pass^k` and `Recall@k`.

    Raises:
        KeyError: no such metric is measured.
    """
    return DEFINITIONS[family(name)]


def family(name: str) -> str:
    """A metric's name without its depth: `hit@5 of shown` -> `hit@k of shown`."""
    return re.sub(r"(?<=by turn )\d+$", "t", re.sub(r"(?<=[@^])\d+", "k", name))
