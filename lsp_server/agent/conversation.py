"""The messages of a run, as they are sent: redacted when they come in, only ever added to, and shortened when they grow too long.

Newer models bind their thinking to all that was said before it. So nothing is changed between two requests, except when the whole is
shortened: then old results give way to their beginnings, and all earlier thinking goes with them.
"""

from __future__ import annotations

from typing import Any

from lsp_server.agent.model import Reply
from lsp_server.agent.redact import Redaction
from lsp_server.agent.request import Message, said

LONG = 120_000  # tokens of a prompt, from where on old results are shortened
_KEPT = 8  # of the last messages that stay whole
_BEGINNING = 300  # characters that stay of a shortened result
_LARGEST = 60_000  # characters of one result


class Conversation:
    """What was said so far. Texts of the workspace go through the redaction on their way in."""

    def __init__(self, redaction: Redaction) -> None:
        self.messages: list[Message] = []
        self._redaction = redaction

    def say(self, text: str) -> None:
        self.messages.append(said(self._redaction.hide(text)))

    def hear(self, reply: Reply) -> None:
        if reply.calls or reply.text:  # Thinking alone says nothing, and the service does not take it back.
            self.messages.append({"role": "assistant", "content": [dict(block) for block in reply.content]})

    def answer(self, results: list[tuple[str, str, bool, str | None]]) -> None:
        """The results of all calls of the last answer: the call's id, its text, whether it failed, the path that it is about."""
        content = []
        for identifier, text, failed, path in results:
            hidden = self._redaction.hide(text, path) or "(nothing)"
            if len(hidden) > _LARGEST:
                hidden = f"{hidden[:_LARGEST]}\n[cut here: {len(hidden) - _LARGEST} characters more; ask for less at once]"
            block: dict[str, Any] = {"type": "tool_result", "tool_use_id": identifier, "content": [{"type": "text", "text": hidden}]}
            content.append({**block, "is_error": True} if failed else block)
        self.messages.append({"role": "user", "content": content})

    def shorten(self) -> bool:
        """Make old results short; False where there is nothing left to shorten."""
        shortened = False
        for message in self.messages[:-_KEPT]:
            for block in message["content"]:
                if block["type"] == "tool_result" and len(text := block["content"][0]["text"]) > 2 * _BEGINNING:
                    block["content"] = [{"type": "text", "text": f"{text[:_BEGINNING]}\n[shortened; call the tool again to see all of it]"}]
                    shortened = True
        if shortened:
            for message in self.messages:
                if message["role"] == "assistant":
                    kept = [block for block in message["content"] if block["type"] not in ("thinking", "redacted_thinking")]
                    message["content"] = kept or [{"type": "text", "text": "(thinking)"}]
        return shortened
