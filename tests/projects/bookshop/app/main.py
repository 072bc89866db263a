"""The application: `uvicorn app.main:app`."""

from fastapi import FastAPI

from app.api.router import api_router
from app.core.config import get_settings


def create_app() -> FastAPI:
    settings = get_settings()
    application = FastAPI(
        title=settings.project_name,
        version=settings.version,
        openapi_url=f"{settings.api_prefix}/openapi.json",
    )
    application.include_router(api_router, prefix=settings.api_prefix)
    return application


app = create_app()
