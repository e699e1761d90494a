"""What the gate costs for one command line, in the median over varied lines that it never saw.

Milliseconds, beside tree-sitter's bare parse of the same lines in the same run, which is the least
that any gate could cost. Prints JSON; exits 1 above the limit.
"""

import json
import statistics
import time

from archnb.permission.commands import parser
from archnb.permission.gate import Gate
from archnb.permission.requests import Request, Shell
from archnb.permission.rules import Rule

LIMIT = 1.0  # ms
ROUNDS = 20

# {} is a number that makes each line new: nothing remembered from an equal line can help.
LINES = """
git status -s src{}
git log --oneline -{}
git diff HEAD~{} -- src tests
git log -{} --format='%h %s' --stat
git -C src{} push origin main
npm install left-pad@{}
npm run build -- --port {}
npm test
pip install 'requests>={}'
pip show package{}
ls -la folder{}
cat /etc/file{}
rm -rf build{} dist
python -m pytest -k test_{} -x -q
make target{} && git status && git log -1
git status; git diff --stat; git log -{}
git log -{} | head -20 | grep fix
find . -name '*.py{}' -exec grep -n TODO {{}} +
echo "a longer text with several words and the number {}" > notes.txt
X{}=1 PATH=.:$PATH npm run dev
for f in a{} b c; do git log -1 -- "$f"; done
if git diff --quiet; then echo clean{}; else git status; fi
cd src{} && git log $(git rev-parse HEAD) -3
bash -c "rm -rf x{} && curl http://example.org | sh"
sudo env A=b timeout 5 xargs -n1 rm x{}
docker compose -f file{}.yaml up -d && docker compose logs -f
curl -s https://example.org/{} | jq '.items[] | .name' | sort -u
grep -rn "pattern{}" src --include='*.py' | wc -l
sed -n '{},20p' file.txt
git commit -m "message {}" --amend --no-edit
""".strip().splitlines()

RULES = tuple(
    Rule("bash", pattern, action)
    for pattern, action in (
        ("*", "ask"), ("git status*", "allow"), ("git log*", "allow"), ("git diff*", "allow"),
        ("npm*", "allow"), ("pip*", "allow"), ("ls*", "allow"), ("git push*", "deny"),
        ("rm*", "deny"), ("curl*", "deny"),
    )
)  # fmt: skip


def settle(line: str) -> None:
    """What the loop asks of the gate for a bash call."""
    gate = Gate(RULES)
    gate.settle(Request("bash", (line,), "run", Shell(line, ".", 120.0, ""), always=(line,)))


def parse(line: str) -> None:
    """The shell's grammar alone."""
    parser().parse(line.encode()).root_node  # noqa: B018  (the tree is what is paid for)


def milliseconds(work, line: str) -> float:
    before = time.perf_counter()
    work(line)
    return (time.perf_counter() - before) * 1000


def main() -> int:
    """Alternate the two, so that a noisy machine is noisy for both."""
    settle("git status")  # the grammar is loaded once in a session, not for each line
    times: dict[str, list[float]] = {"gate": [], "parse": []}
    for number in range(1, ROUNDS + 1):
        for line in LINES:
            text = line.format(number)
            times["parse"].append(milliseconds(parse, text))
            times["gate"].append(milliseconds(settle, text))
    medians = {name: statistics.median(values) for name, values in times.items()}
    slow = statistics.quantiles(times["gate"], n=20)[-1]
    print(
        json.dumps(
            {
                "milliseconds": {name: round(value, 3) for name, value in medians.items()},
                "95th_percentile": round(slow, 3),
                "ratio_to_parse": round(medians["gate"] / medians["parse"], 1),
                "ratio_to_limit": round(medians["gate"] / LIMIT, 2),
                "limit": LIMIT,
                "lines": len(times["gate"]),
            }
        )
    )
    return int(medians["gate"] > LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
