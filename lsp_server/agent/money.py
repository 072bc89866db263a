"""What a model's tokens cost: list prices by model, with the date they were looked up. Knows no account and no discount.

A model that is not in the table has no price: then tokens are counted, and the cost is said to be not known. Prices of other providers and
of regional endpoints may differ; what is shown is an estimate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PRICES_OF = "2026-10-16"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer or of a whole run, and their cost in US dollars; None where a price is not known.

    `sent` leaves out what came from the cache (`cache_read`) and what was written to it (`cache_written`).
    """

    sent: int = 0
    answered: int = 0
    cache_read: int = 0
    cache_written: int = 0
    cost: float | None = 0.0

    @property
    def prompt(self) -> int:
        """The length of what the model read."""
        return self.sent + self.cache_read + self.cache_written

    @property
    def fresh(self) -> int:
        """What counts against a budget: all but what came from the cache."""
        return self.sent + self.cache_written + self.answered

    @property
    def tokens(self) -> int:
        return self.prompt + self.answered

    def __add__(self, other: Usage) -> Usage:
        cost = None if self.cost is None or other.cost is None else self.cost + other.cost
        return Usage(
            self.sent + other.sent,
            self.answered + other.answered,
            self.cache_read + other.cache_read,
            self.cache_written + other.cache_written,
            cost,
        )


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens. Prompts longer than `long` tokens cost `times` as much."""

    sent: float
    answered: float
    cache_read: float
    cache_written: float
    long: int | None = None
    times: float = 1.0


_OPUS_4_AND_5 = Price(5, 25, 0.50, 6.25)
_FABLE_5 = Price(10, 50, 1.00, 12.50)
_FABLE_5_1 = Price(10, 50, 0.25, 12.50)
_SONNET_4 = Price(3, 15, 0.30, 3.75)
_PRICES = {
    "fable-5-1": _FABLE_5_1, "mythos-5-1": _FABLE_5_1, "fable-5": _FABLE_5, "mythos-5": _FABLE_5,
    "opus-5-5": Price(4, 20, 0.20, 5.00), "opus-5": _OPUS_4_AND_5,
    "opus-4-8": _OPUS_4_AND_5, "opus-4-7": _OPUS_4_AND_5, "opus-4-6": _OPUS_4_AND_5, "opus-4-5": _OPUS_4_AND_5,
    "sonnet-5-5": Price(2, 10, 0.10, 2.50), "sonnet-5": Price(2, 10, 0.20, 2.50), "sonnet-4-6": _SONNET_4, "sonnet-4-5": _SONNET_4,
    "haiku-5-5": Price(0.10, 0.50, 0.01, 0.125, long=100_000, times=5), "haiku-4-5": Price(1, 5, 0.10, 1.25),
}  # fmt: skip
# `claude-opus-5-5`, `anthropic.claude-opus-4-6-v1`, `global.anthropic.claude-opus-5`, `claude-sonnet-4-5@20250929`
_NAME = re.compile(r"(?:[a-z-]+\.)*claude-([a-z]+-\d{1,2}(?:-\d{1,2})?)(?:[-@]\d{8})?(?:-v\d+(?::\d+)?)?\Z")


def family(model: str) -> str | None:
    """What a model is called apart from provider, region and date: `opus-5-5`; None for names of another form."""
    match = _NAME.match(model)
    return match[1] if match else None


def cost_of(usage: Usage, model: str) -> float | None:
    """The cost of one answer, in US dollars."""
    price = _PRICES.get(family(model) or "")
    if price is None:
        return None
    dollars = (
        usage.sent * price.sent
        + usage.answered * price.answered
        + usage.cache_read * price.cache_read
        + usage.cache_written * price.cache_written
    )
    if price.long is not None and usage.prompt > price.long:
        dollars *= price.times
    return dollars / 1_000_000


def affordable(dollars: float, model: str) -> int | None:
    """How many tokens of an answer the money buys; None where the price is not known."""
    price = _PRICES.get(family(model) or "")
    return None if price is None else max(int(dollars / price.answered * 1_000_000), 0)


def in_words(usage: Usage) -> str:
    """For people: `41 200 tokens, about $0.13`."""
    tokens = f"{usage.tokens:,} tokens".replace(",", " ")
    return f"{tokens}, cost not known" if usage.cost is None else f"{tokens}, about ${usage.cost:.2f}"
