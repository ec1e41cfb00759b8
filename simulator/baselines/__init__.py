"""Systems to compare with: none knows a limit, none is corrected, each is a few lines over one common base."""

from .base import Baseline
from .making import ASKING, BASELINES, make_baseline

__all__ = ["ASKING", "BASELINES", "Baseline", "make_baseline"]
