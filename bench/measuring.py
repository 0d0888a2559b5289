"""What the benchmarks share: where things are, machines, and medians of one interleaved run."""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(HERE)
BAKE = os.environ.get("BAKE") or os.path.join(REPOSITORY, ".build", "out", "bin", "bake")
QEMU = ["qemu-system-x86_64", "-accel", "tcg", "-cpu", "max", "-nodefaults", "-display", "none",
        "-no-reboot", "-serial", "stdio"]
MIB = 1 << 20


def work_folder(name):
    """Where a benchmark keeps what it makes: BENCH_WORK, else .build/bench."""
    base = os.environ.get("BENCH_WORK") or os.path.join(REPOSITORY, ".build", "bench")
    folder = os.path.join(os.path.abspath(base), name)
    os.makedirs(folder, exist_ok=True)
    return folder


def run_count():
    """How often each way is measured: the first argument, else BENCH_RUNS, else 7."""
    text = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BENCH_RUNS", "7")
    if not text.isdigit() or int(text) < 1:
        sys.exit(f"usage: {sys.argv[0]} [RUNS]")
    return int(text)


def command(*arguments):
    """Runs a program that must succeed; what it says is shown when it does not."""
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        sys.stderr.buffer.write(done.stdout + done.stderr)
        sys.exit(f"bench: failed with status {done.returncode}: {' '.join(arguments)}")
    return done.stdout


def bake(*arguments):
    if not os.access(BAKE, os.X_OK):
        sys.exit(f"bench: no bake at {BAKE}: run make, or set BAKE")
    return command(BAKE, *arguments)


def need_kernel():
    """The kernel that images are baked with, fetched when there is none."""
    if not bake("kernel", "list").strip():
        bake("kernel", "fetch")


def inspect(image):
    return json.loads(bake("inspect", "--json", image))


def sample(name, folder):
    """The trees of one of the samples, built once."""
    if not os.listdir(folder):
        command(os.path.join(REPOSITORY, "samples", name, "build.sh"), folder)
    return folder


def write(path, contents):
    with open(path, "wb") as file:
        file.write(contents)
    return path


def compiler():
    for name in (os.environ.get("CC"), "cc", "clang", "gcc"):
        if name and shutil.which(name):
            return name
    sys.exit("bench: no C compiler: install gcc, or set CC")


def measure(arguments):
    """CPU seconds, wall seconds and peak MiB of a program, its children included; it must
    succeed."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(arguments, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            log.seek(0)
            sys.stderr.buffer.write(log.read())
            sys.exit(f"bench: failed with status {process.returncode}: {' '.join(arguments)}")
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def interleaved(ways, runs):
    """Measures every way once, then every way again, so that a busy minute hits all alike.

    ways: name to a function that measures once. Returns name to list of results."""
    results = {name: [] for name in ways}
    for number in range(runs):
        for name, measure in ways.items():
            note(f"run {number + 1} of {runs}: {name}")
            results[name].append(measure())
    return results


def note(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[Kbench: {text}", end="", file=sys.stderr, flush=True)


def median(values):
    return statistics.median(values)


def spread(values, form="{:.2f}"):
    return f"{form.format(min(values))} to {form.format(max(values))}"


def print_table(title, columns, rows):
    """A Markdown table: README.md takes it as it is."""
    note("")
    say()
    say(title)
    say()
    say("| " + " | ".join(columns) + " |")
    say("| --- |" + " ---: |" * (len(columns) - 1))
    for row in rows:
        say("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |")
    sys.stdout.flush()


class Report:
    """What is printed, kept for the page under docs/."""

    name = None
    lines = []


def begin_report(name):
    """From here on tables go into docs/benchmarks/NAME.md too, where BENCH_DOCS is set."""
    if os.environ.get("BENCH_DOCS"):
        Report.name = name
        Report.lines = [f"# bench/{name}", "", "![](%s.svg)" % name, ""]


def end_report(picture):
    """Writes the page and its plot; does nothing where no page was begun."""
    if Report.name is None:
        return
    folder = os.path.join(REPOSITORY, "docs", "benchmarks")
    os.makedirs(folder, exist_ok=True)
    text = "\n".join(Report.lines).rstrip() + "\n"
    write(os.path.join(folder, Report.name + ".md"), text.encode())
    write(os.path.join(folder, Report.name + ".svg"), picture.encode())
    Report.name = None


def say(line=""):
    print(line)
    if Report.name:
        Report.lines.append(line)


def machine():
    """The machine in a line, without anything that names it."""
    version = command("qemu-system-x86_64", "--version").decode().split("\n")[0]
    version = re.sub(r".*version (\S+).*", r"\1", version)
    system = "Linux"
    with open("/etc/os-release") as file:
        for line in file:
            if line.startswith("PRETTY_NAME="):
                system = line.split("=", 1)[1].strip().strip('"')
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {system}, QEMU {version} (TCG), load before {load:.1f}"


class Machine:
    """One QEMU, read from while it runs, and gone afterwards."""

    def __init__(self, memory, arguments, limit_seconds=180):
        self.start = time.monotonic()
        self.deadline = self.start + limit_seconds
        self.process = subprocess.Popen(
            QEMU + ["-m", str(memory)] + arguments,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.text = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def is_running(self):
        """Also takes in what the console said."""
        ended = self.process.poll() is not None
        while True:
            chunk = self.process.stdout.read()
            if not chunk:
                break
            self.text += chunk
        return not ended and time.monotonic() < self.deadline

    def wait_for(self, pattern):
        """The match on the console and the seconds since the start; None when it never came."""
        while True:
            runs = self.is_running()
            match = re.search(pattern, self.text)
            if match or not runs:
                return match and (match, time.monotonic() - self.start)
            time.sleep(0.005)

    def wait(self):
        while self.is_running():
            time.sleep(0.02)
        return self.text
