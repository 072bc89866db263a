"""What the rules about a spec's own text share: a reader's faults of one sort as findings."""

from __future__ import annotations

from collections.abc import Iterator

from lsp_server.findings import Finding, Related, Severity
from lsp_server.snapshot import Snapshot


def findings(snapshot: Snapshot, rule: str, severity: Severity, sort: str) -> Iterator[Finding]:
    for api in snapshot.promised:
        for fault in api.faults:
            if fault.sort == sort:
                subject = fault.subject or (sort, fault.message)
                related = tuple(Related(location, message) for location, message in fault.related)
                yield Finding(rule, fault.location, fault.message, subject, related, severity)
