"""The worker: the project's own interpreter, in a child process, in a trusted workspace and never otherwise.

`interpreters.py` finds it, `child.py` starts it within limits, `probe.py` is what runs there. Nothing here is imported unless
somebody has said that the workspace may be trusted. What it answers is plain data; what that means is `api/runtime.py` and
`database/runtime.py`.
"""
