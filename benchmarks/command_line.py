"""Wall time of `harness sweep --help` and `--cfg job` beside a bare Hydra application's, pair by pair.

Run: python benchmarks/command_line.py [PAIRS]. Prints the medians and the median of the paired differences.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BARE = """
import hydra

@hydra.main(version_base=None, config_path=None)
def main(config):
    pass

main()
"""


def seconds(command: list[str], folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def compare(flags: list[str], pairs: int, folder: Path) -> str:
    ours = [sys.executable, "-m", "harness", "sweep", *flags]
    bare = [sys.executable, "bare.py", *flags]
    seconds(ours, folder), seconds(bare, folder)
    timed = [(seconds(ours, folder), seconds(bare, folder)) for _ in range(pairs)]
    mine, theirs = (statistics.median(column) for column in zip(*timed, strict=True))
    more = statistics.median(one - other for one, other in timed)
    return f"{' '.join(flags):10}  harness {mine:.3f} s  bare Hydra {theirs:.3f} s  difference {more:+.3f} s"


def main() -> None:
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "bare.py").write_text(BARE)
        print(f"Python {sys.version.split()[0]}, {pairs} pairs after one warm-up, medians")
        for flags in (["--help"], ["--cfg", "job"]):
            print(compare(flags, pairs, folder))


if __name__ == "__main__":
    main()
