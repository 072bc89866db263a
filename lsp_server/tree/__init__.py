"""YAML and JSON text as one tree: the exact place of every key and value, and edits that keep everything
else.

Knows syntax only: no OpenAPI, no configuration keys. `repair.read` reads, `node.Tree` and `node.Node` are
what one gets, `edit` writes.
"""
