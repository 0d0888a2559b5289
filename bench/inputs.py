"""The trees that the benchmarks read, made once from Debian's packages: a, b, b3, c, d."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tarfile

import measuring as m

# What b has beyond a: interpreters, compilers, libraries; a gigabyte.
B_PACKAGES = ("ca-certificates,python3,python3-numpy,nginx,git,perl,gcc,g++,clang-14,nodejs,"
              "openssl,curl,file,less,vim-tiny")
# What c unpacks: many small files.
C_PACKAGES = ("linux-source-6.1", "rust-src")


def tree(name):
    """The folder (for b3: the list of folders, lowest first) of an input, made when missing."""
    return {"a": debian_a, "b": debian_b, "b3": layers_of_b, "c": sources,
            "d": large_files}[name]()


def description(name):
    """What an input is, for the head of a table."""
    what = {"a": "Debian minbase", "b": "Debian with compilers and interpreters",
            "b3": "b as three overlapping layers, merged", "c": "kernel and compiler sources",
            "d": "five large files"}[name]
    return f"{what}, {entry_count(tree(name)):,} entries"


def made_once(name, make):
    """A folder under the work folder that exists complete or not at all."""
    folder = os.path.join(m.work_folder("inputs"), name)
    if not os.path.exists(folder):
        print(f"bench: making the tree {name}", file=sys.stderr)
        shutil.rmtree(folder + ".new", ignore_errors=True)
        os.mkdir(folder + ".new")
        make(folder + ".new")
        os.rename(folder + ".new", folder)
    return folder


def debian_a():
    return made_once("a", lambda folder: bootstrap(folder, []))


def debian_b():
    return made_once("b", lambda folder: bootstrap(folder, ["--include=" + B_PACKAGES]))


def bootstrap(folder, options):
    archive = folder + ".tar"
    m.command("mmdebstrap", "--variant=minbase", "--quiet", *options, "bookworm", archive)
    m.command("tar", "-C", folder, "--exclude=./dev/*", "-xf", archive)
    os.remove(archive)


def layers_of_b():
    """b as three layers whose overlay is b again: every file stands in one, a tenth of those of
    the upper two also, with other contents, in a lower one."""
    def make(folder):
        source = debian_b()
        for number in range(3):
            os.mkdir(os.path.join(folder, str(number)))
        for place, names, files in os.walk(source):
            below = os.path.relpath(place, source)
            links = [name for name in names if os.path.islink(os.path.join(place, name))]
            for name in files + links:
                path = os.path.normpath(os.path.join(below, name))
                digest = hashlib.sha256(os.fsencode(path)).digest()
                layer = digest[0] % 3
                put(source, path, folder, layer)
                if layer > 0 and digest[1] % 10 == 0 and os.path.isfile(os.path.join(source, path)):
                    hide(path, folder, digest[2] % layer)
        # Every directory stands in the lowest, and so do those without files.
        m.command("rsync", "-a", "--include=*/", "--exclude=*", source + "/",
                  os.path.join(folder, "0") + "/")
    folder = made_once("b3", make)
    return [os.path.join(folder, str(number)) for number in range(3)]


def put(source, path, folder, layer):
    target = os.path.join(folder, str(layer), path)
    parents(source, path, folder, layer)
    subprocess.run(["cp", "-a", os.path.join(source, path), target], check=True)


def hide(path, folder, layer):
    target = os.path.join(folder, str(layer), path)
    if not os.path.lexists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        m.write(target, b"hidden\n")


def parents(source, path, folder, layer):
    """The directories above a path, with the modes and times they have in the source."""
    above = os.path.dirname(path)
    target = os.path.join(folder, str(layer), above)
    if above and not os.path.isdir(target):
        parents(source, above, folder, layer)
        os.makedirs(target, exist_ok=True)
        shutil.copystat(os.path.join(source, above), target)


def sources():
    def make(folder):
        for package in C_PACKAGES:
            m.command("sh", "-c", f"cd '{folder}' && apt-get download -q {package}")
        for name in sorted(os.listdir(folder)):
            if name.endswith(".deb"):
                m.command("dpkg-deb", "-x", os.path.join(folder, name), folder)
                os.remove(os.path.join(folder, name))
        source = os.path.join(folder, "usr", "src", "linux-source-6.1.tar.xz")
        with tarfile.open(source) as archive:
            archive.extractall(os.path.join(folder, "usr", "src"))
        os.remove(source)
    return made_once("c", make)


def large_files():
    """Five large files: compressed already, random, text, machine code, and mostly holes."""
    def make(folder):
        with open(os.path.join(folder, "random"), "wb") as file:
            generator = random.Random(1)
            for _ in range(200):
                file.write(generator.randbytes(m.MIB))
        source = os.path.join(sources(), "usr", "src")
        joined(folder, "text.tar", ["tar", "-C", source, "--sort=name", "-cf", "-", "."], 400)
        joined(folder, "compressed", ["sh", "-c", f"tar -C '{source}' --sort=name -cf - . | gzip -1"],
               150)
        joined(folder, "elf", ["sh", "-c", f"find '{debian_b()}/usr/lib' -name '*.so*' -type f "
                               "-size +200k | LC_ALL=C sort | xargs cat"], 200)
        with open(os.path.join(folder, "sparse"), "wb") as file:
            for number in range(32):
                file.seek(number * 32 * m.MIB)
                file.write(generator.randbytes(m.MIB // 2) + bytes(range(256)) * 2048)
            file.truncate(1024 * m.MIB)
    return made_once("d", make)


def joined(folder, name, arguments, limit):
    """The first `limit` MiB of what a command writes, as a file."""
    with open(os.path.join(folder, name), "wb") as file:
        process = subprocess.Popen(arguments, stdout=subprocess.PIPE)
        for _ in range(limit):
            chunk = process.stdout.read(m.MIB)
            file.write(chunk)
            if len(chunk) < m.MIB:
                break
        process.stdout.close()
        process.kill()
        process.wait()


def entry_count(folders):
    folders = [folders] if isinstance(folders, str) else folders
    return sum(1 + sum(len(names) + len(files) for _, names, files in os.walk(folder))
               for folder in folders)
