from fastapi import APIRouter
from sqlalchemy import text

from app.api.dependencies import SessionDep

router = APIRouter(tags=["health"])


@router.get("/health")  # specdrift: ignore[route-not-in-spec] -- the load balancer's probe
def check_health(session: SessionDep) -> dict[str, str]:
    session.execute(text("SELECT 1"))
    return {"status": "ok"}
