"""What the parts found: rows of a table, some of which are held to a bound."""

import json
import sys
import time

BEGUN = time.monotonic()


def say(*words):
    """Progress, on standard error."""
    print(f"[{time.monotonic() - BEGUN:6.1f} s]", *words, file=sys.stderr, flush=True)


def middle(values):
    """The median; nan of none."""
    values = sorted(values)
    half = len(values) // 2
    if not values:
        return float("nan")
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def milliseconds(values):
    """Median and most of seconds, as text."""
    return f"{1000 * middle(values):.0f} ms, at most {1000 * max(values):.0f} ms" if values else "none"


class Report:
    def __init__(self):
        self.rows = []

    def hold(self, part, what, found, wanted, held):
        """A row with a bound, and whether the figure keeps it."""
        self._add(part, what, found, wanted, bool(held))

    def none(self, part, what, found):
        """A count, or a list, that must be empty."""
        count = found if isinstance(found, int) else len(found)
        text = str(count) if isinstance(found, int) or not found else f"{count}: {', '.join(map(str, list(found)[:4]))}"
        self._add(part, what, text, "0", count == 0)

    def tell(self, part, what, found):
        """A row that is only told."""
        self._add(part, what, found, "", None)

    def skip(self, part, why):
        self._add(part, "left out", why, "", None)

    def _add(self, part, what, found, wanted, held):
        self.rows.append({"part": part, "what": what, "found": " ".join(str(found).split()), "wanted": wanted, "held": held})
        if held is False:
            say(f"NOT HELD {part}: {what}: {found}; wanted: {wanted}")

    @property
    def is_good(self):
        return all(row["held"] is not False for row in self.rows)

    def table(self):
        words = {True: "held", False: "NOT HELD", None: ""}
        lines = [("part", "what", "found", "wanted", "")]
        lines += [(row["part"], row["what"], row["found"], row["wanted"], words[row["held"]]) for row in self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(4)]
        widths[2] = min(widths[2], 60)
        return "\n".join("  ".join([text.ljust(width) for text, width in zip(line, widths)] + [line[4]]).rstrip() for line in lines)

    def write(self, path, options):
        with open(path, "w") as file:
            json.dump({"options": vars(options), "held": self.is_good, "rows": self.rows}, file, indent=1)
            file.write("\n")
