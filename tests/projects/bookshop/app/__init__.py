"""The bookshop: catalogue, customers, orders and reviews over HTTP."""
