import Foundation
import TestSupport

/// A tree as the kernel it lies under sees it, listed by the same program on the host and in the
/// guest: by name (in hexadecimal) everything that must be equal.
struct TreeListing {
    /// For each name its facts, such as `mode=81a4`, `sha256=...`, `xattr:user.note=0x00`.
    let entries: [String: [String]]

    /// Lists `$1`. A line each: name, inode and facts, divided by spaces. Of `many` in it only the
    /// names count, and of a file over a gibibyte the end: an emulated machine takes its time.
    static let program = """
        #!/bin/busybox sh
        bb=/bin/busybox
        hex() { $bb od -An -v -tx1 | $bb tr -d ' \\n'; }
        if [ "$1" != --entries ]; then
            cd "$1" || exit 1
            printf '%s many:0 ' "$(printf ./many/ | hex)"
            printf 'count=%s ' "$($bb ls -A many | $bb wc -l)"
            printf 'first=%s ' "$($bb ls -A many | $bb head -n 1 | hex)"
            printf 'names=%s\\n' "$($bb ls -A many | $bb sha256sum | $bb cut -c 1-64)"
            exec $bb find . -path './many/*' -prune -o -exec $bb sh "$0" --entries {} +
            exit 1
        fi
        shift
        for f; do
            printf '%s ' "$(printf %s "$f" | hex)"
            $bb stat -c '%d:%i mode=%f owner=%u:%g mtime=%Y' "$f" | $bb tr '\\n' ' '
            if [ -L "$f" ]; then
                printf 'links=%s target=%s ' "$($bb stat -c %h "$f")" "$($bb readlink -n "$f" | hex)"
            elif [ -f "$f" ]; then
                $bb stat -c 'links=%h size=%s' "$f" | $bb tr '\\n' ' '
                size=$($bb stat -c %s "$f")
                skip=0
                [ "$size" -gt 1073741824 ] && skip=$((size / 4096 - 16))
                printf 'sha256=%s ' "$($bb dd if="$f" bs=4096 skip=$skip 2>/dev/null |
                    $bb sha256sum | $bb cut -c 1-64)"
            elif [ ! -d "$f" ]; then
                $bb stat -c 'links=%h device=%t:%T' "$f" | $bb tr '\\n' ' '
            fi
            /usr/bin/getfattr -h -d -m - -e hex --absolute-names -- "$f" |
                $bb grep '^[a-z]*\\.[^=]*=\\|^[a-z]*\\.[^=]*$' | $bb sort | $bb sed 's/^/xattr:/' |
                $bb tr '\\n' ' '
            echo
        done

        """

    init(_ output: String) throws {
        var entries: [String: [String]] = [:]
        var names: [String: [String]] = [:]
        for line in output.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 4 else { throw TestFailure("not a listing: \(output)") }
            names[words[1], default: []].append(words[0])
            entries[words[0]] = Array(words[2...])
        }
        // Inodes differ between file systems (and between an overlay's directories and the rest);
        // which names share one must not.
        for group in names.values where group.count > 1 {
            for name in group { entries[name]?.append("same as \(group.sorted())") }
        }
        self.entries = entries
    }

    /// Without facts that begin so.
    func without(_ prefix: String) -> [String: [String]] {
        entries.mapValues { $0.filter { !$0.hasPrefix(prefix) } }
    }
}
