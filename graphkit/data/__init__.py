"""Types: immutable values that functions take and return."""
