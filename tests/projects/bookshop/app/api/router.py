from fastapi import APIRouter

from app.api.routes import auth, authors, books, categories, customers, health, orders, reviews

api_router = APIRouter()
api_router.include_router(health.router)
api_router.include_router(auth.router)
api_router.include_router(customers.router)
api_router.include_router(authors.router)
api_router.include_router(categories.router)
api_router.include_router(books.router)
api_router.include_router(reviews.router)
api_router.include_router(orders.router)
