"""What a real database says of a schema: one module per engine, each throw-away."""
