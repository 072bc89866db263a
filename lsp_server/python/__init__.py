"""Reading Python without running it: text, a compact tree, modules as a program, and what their values must be.

Nothing here knows a framework. What `APIRouter` or `Column` means is said by the readers in `api/` and `database/`.
"""
