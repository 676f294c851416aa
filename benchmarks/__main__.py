"""Run the benchmarks named on the command line, or all: `python -m benchmarks [append|proof|follow|views|journeys|notices|desk|…]`."""

import sys
from importlib import import_module

BENCHMARKS = ("append", "proof", "follow", "views", "journeys", "notices", "years", "desk", "stack", "eligibility", "replay")


def main(names: list[str]) -> None:
    """Each prints what it measured beside its floor, measured in the same run."""
    for name in names or BENCHMARKS:
        import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main(sys.argv[1:])
