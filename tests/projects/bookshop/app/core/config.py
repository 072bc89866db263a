"""Settings, from the environment (`BOOKSHOP_...`) or a `.env` file."""

from functools import lru_cache

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BOOKSHOP_", env_file=".env", extra="ignore")

    project_name: str = "Bookshop"
    version: str = "1.4.0"
    api_prefix: str = "/api/v1"
    database_url: str = "sqlite:///./bookshop.db"
    access_token_minutes: int = 60 * 12


@lru_cache
def get_settings() -> Settings:
    return Settings()
