"""`python -m app` is `daybook`, for a process that starts another of its kind."""

from app.cli import main

if __name__ == "__main__":
    main()
