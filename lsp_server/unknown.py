"""`Unknown`: what could not be read from the text, with the reason and the place.

An unknown value stands wherever a known one could. It never produces a finding; it is listed under `unknowns`
so that silence is never mistaken for agreement.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lsp_server.text import Location


@dataclass(frozen=True, slots=True)
class Unknown:
    """`what` is a noun phrase for people, such as "router prefix computed at run time".

    `unread`: the text of the file itself, or a part of it, is what could not be read; people should hear of it at once.
    """

    what: str
    location: Location | None = None
    unread: bool = field(default=False, kw_only=True)

    def __bool__(self) -> bool:
        """Neither true nor false: asking is a programming error that would turn ignorance into an answer."""
        raise TypeError(f"the truth of an unknown value was asked: {self.what}")
