"""One module per resource; app.api.router puts them together."""
