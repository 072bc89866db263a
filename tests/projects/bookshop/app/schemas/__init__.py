"""What travels over HTTP; one module per resource."""
