#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the documents to the program: links, generated tables, and examples with their output.

usage: docs.py check|write PROGRAM
  links     every relative link of a *.md file leads to a file that is there
  tables    between "<!-- table NAME -->" and "<!-- end -->" stands what the program or the source says
  examples  in ```console blocks, each "$ command" is run at the top of the project with `endreason` in
            the PATH; exit code and output must be those that stand there. "# exit N" at the end of a
            command says which exit code is expected (0 when it is not said), a line "..." stands for
            any lines.
`check` says what is wrong and ends with 1; `write` puts the tables and the outputs right instead
(outputs with "..." are left alone).
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SKIPPED = ("build", "node_modules", ".git", "corpus")
TABLE = re.compile(r"(<!-- table ([a-z-]+) -->\n).*?(<!-- end -->)", re.S)
BLOCK = re.compile(r"(^```console\n)(.*?)(^```$)", re.S | re.M)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
SINCE = re.compile(r"^(.*?) Column (\d+) of the default format, since ([0-9.]+)\.$", re.S)
COMMAND_SECONDS = 60


def documents():
    for path in sorted(ROOT.rglob("*.md")):
        parts = path.relative_to(ROOT).parts
        if not any(part == s or part.startswith("build-") for part in parts for s in SKIPPED):
            yield path


def broken_links(path, text):
    without_code = re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)
    for target in LINK.findall(without_code):
        if re.match(r"[a-z]+:", target) or target.startswith("#"):
            continue
        if not (path.parent / target.split("#")[0]).exists():
            yield f"link to {target}: there is no such file"


def source_link(source):
    address, _, place = source.partition(" ")
    if not address.startswith("http"):
        return source
    return f"[page]({address}) {place}".strip()


def row(*cells):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def table(head, rows):
    return row(*head) + "|" + "---|" * len(head) + "\n" + "".join(row(*r) for r in rows)


class Tables:
    def __init__(self, program):
        out = subprocess.run([program, "terms", "-o", "ndjson"], capture_output=True, check=True, text=True)
        self.terms = [json.loads(line) for line in out.stdout.splitlines()]
        self.program = program

    def of_kind(self, kind):
        return [t for t in self.terms if t["kind"] == kind]

    def judged(self, kind):
        """Words of the log that lead to a verdict."""
        return table(("word", "verdict", "meaning", "source"),
                     [(f'`{t["name"]}`', t.get("leads_to", ""), t["meaning"], source_link(t["source"]))
                      for t in self.of_kind(kind)])

    def words(self, kind):
        return table(("word", "meaning"), [(f'`{t["name"]}`', t["meaning"]) for t in self.of_kind(kind)])

    def columns(self):
        rows = []
        for t in self.of_kind("column"):
            meaning, position, since = SINCE.match(t["meaning"]).groups()
            rows.append((position, f'`{t["name"]}`', t["title"], since, meaning))
        return table(("#", "name", "title in the web interface", "since", "meaning"), rows)

    def releases(self):
        text = (ROOT / "src/model/panos_version.hpp").read_text()
        rows = re.findall(r'^    \{(\d+), "([0-9.]+)", (\d+)\},$', text, re.M)
        return table(("PAN-OS", "value of `config_ver`", "columns of its default line"),
                     [(name, version if version != "0" else "1, or none", columns)
                      for version, name, columns in rows])

    def flags(self):
        return table(("word in a filter", "bit", "meaning"),
                     [(f'`{t["name"].removeprefix("flag-")}`', f'`{t["title"]}`', t["meaning"])
                      for t in self.of_kind("flag")])

    def timers(self):
        return self.words("session timer")

    def session_settings(self):
        """Of the help of `track`: "  --name VALUE  meaning: values (default value)"."""
        out = subprocess.run([self.program, "track", "--help"], capture_output=True, check=True, text=True).stdout
        group = out.split("\nSession settings:\n")[1].split("\n\n")[0]
        rows = re.findall(r"--([a-z-]+) VALUE\s+(.*): (.*) \(default (.*)\)", group)
        return table(("setting", "values", "default", "meaning"),
                     [(f"`{name}`", values, f"`{default}`", meaning) for name, meaning, values, default in rows])

    def serve_settings(self):
        """Of the help of `serve`: "  --name TYPE  meaning (default value)"; values are in one form or another."""
        out = subprocess.run([self.program, "serve", "--help"], capture_output=True, check=True, text=True).stdout
        group = re.sub(r"\n {20,}", "  ", out.split("\nOptions:\n")[1].split("\n\n")[0])
        rows = []
        for name, kind, meaning in re.findall(r"^  --([a-z-]+)(?: ([A-Z:]\S*)(?: \.\.\.)?)?\s+(.*)$", group, re.M):
            if name in ("no-listen", "config", "tz", "ruleset"):
                continue  # of the command alone, or settings of their own
            default = re.search(r" \(default (.*)\)$", meaning)
            meaning = meaning[:default.start()] if default else meaning
            kind = re.sub(r":\{.*", "", kind) or "yes or no"
            rows.append((f"`{name}`", kind, f"`{default.group(1)}`" if default else "no" if kind == "yes or no" else "",
                         meaning))
        return table(("setting", "value", "default", "meaning"), rows)

    def text(self, name):
        makers = {
            "columns": self.columns, "releases": self.releases, "flags": self.flags, "timers": self.timers,
            "session-settings": self.session_settings, "serve-settings": self.serve_settings,
            "actions": lambda: self.judged("action"),
            "application-statuses": lambda: self.judged("application status"),
            "end-reasons": lambda: self.judged("session end reason"),
            "reason-codes": lambda: table(
                ("reason code", "verdict", "meaning"),
                [(f'`{t["name"]}`', t.get("leads_to", ""), t["meaning"])
                 for t in self.of_kind("reason code (verdict)")]),
            "outcomes": lambda: self.words("outcome (verdict)"),
            "ended-by": lambda: self.words("ended by (verdict)"),
            "confidences": lambda: self.words("confidence (verdict)"),
            "final-actions": lambda: self.words("final action (verdict)"),
            "contradictions": lambda: self.words("contradiction (verdict)"),
        }
        return makers[name]() if name in makers else None


def environment(folder, program):
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TMPDIR") if key in os.environ}
    (pathlib.Path(folder) / "endreason").symlink_to(pathlib.Path(program).resolve())
    # Neither the reader's settings nor those of this machine may change what an example prints.
    return {**kept, "PATH": f'{folder}:{kept.get("PATH", "/usr/bin:/bin")}', "HOME": folder,
            "XDG_CONFIG_HOME": folder, "SCRATCH": folder}


def run(command, env):
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=env, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=COMMAND_SECONDS)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def fits(expected, printed):
    if "..." not in expected.splitlines():
        return expected == printed
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in expected.splitlines())
    return re.fullmatch(pattern, printed) is not None


def commands_of(block):
    """[command, output] of each "$ ..." line, continued lines joined."""
    commands = []
    lines = iter(block.splitlines(keepends=True))
    for line in lines:
        if line.startswith("$ "):
            while line.endswith("\\\n"):
                line += next(lines)
            commands.append([line, ""])
        elif commands:
            commands[-1][1] += line
    return commands


class Examples:
    def __init__(self, env, write):
        self.env, self.write, self.problems = env, write, []

    def put_right(self, match):
        fresh = ""
        for line, expected in commands_of(match.group(2)):
            code, printed = run(line[2:], self.env)
            wanted = re.search(r"# exit (\d+)\s*$", line)
            if code != (int(wanted.group(1)) if wanted else 0):
                self.problems.append(f"example ended with {code}: {line.strip()}\n{printed}")
            elif not fits(expected, printed) and (not self.write or "..." in expected.splitlines()):
                self.problems.append(f"example prints something else: {line.strip()}\n{printed}")
            keep = not self.write or "..." in expected.splitlines()
            fresh += line + (expected if keep else printed)
        return match.group(1) + fresh + match.group(3)


def main(mode, program):
    tables, problems = Tables(program), []
    with tempfile.TemporaryDirectory() as folder:
        env = environment(folder, program)
        for path in documents():
            text, found = path.read_text(), []

            def fresh_table(match):
                made = tables.text(match.group(2))
                if made is None:
                    found.append(f"there is no table called {match.group(2)}")
                    return match.group(0)
                return match.group(1) + made + match.group(3)

            fresh = TABLE.sub(fresh_table, text)
            if fresh != text and mode == "check":
                found.append("a generated table is old: tools/docs.py write PROGRAM makes it again")
            examples = Examples(env, mode == "write")
            fresh = BLOCK.sub(examples.put_right, fresh)
            found += examples.problems
            found += broken_links(path, text)
            if mode == "write" and fresh != text:
                path.write_text(fresh)
            problems += [f"{path.relative_to(ROOT)}: {problem}" for problem in found]
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("check", "write"):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2]))
