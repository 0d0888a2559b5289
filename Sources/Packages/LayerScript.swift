/// How packages become an archive: run by sh(1) where it may act as root, be that a user namespace.
///
/// Arguments: a directory of ours, mmdebstrap's variant, SOURCE_DATE_EPOCH, the repository's URI,
/// the architecture, "yes" to leave documentation out. Reads DIRECTORY/include. Leaves
/// DIRECTORY/layer.tar.zst and DIRECTORY/packages, or ends with a status other than 0.
///
/// Change `recipeVersion` with whatever changes the archive.
enum LayerScript {
    static let recipeVersion = 1

    /// Starts the work in a session of its own and ends it when standard input ends, which is when
    /// whoever wants the archive has gone; a tree begun is removed either way. mmdebstrap's mounts
    /// are in a mount namespace of its own, so nothing is mounted in the tree when it is removed.
    static let supervise = """
        cd "$1" || exit 1
        exec 3<&0 </dev/null
        setsid sh -c "$WORK" work "$@" 3<&- &
        work=$!
        { read -r line <&3; kill -s TERM -- -"$work"; } >/dev/null 2>&1 &
        tether=$!
        status=0
        wait "$work" || status=$?
        kill "$tether" 2>/dev/null
        # What was told to end may still be at it.
        for attempt in 1 2 3 4 5; do
            rm -rf --one-file-system root && break
            sleep 1
        done
        exit "$status"
        """

    /// mmdebstrap's directory, without what it has of this machine, of this day, and of the way it
    /// was made; then the archive.
    static let work = """
        set -eu
        umask 022
        variant=$2 epoch=$3 repository=$4 architecture=$5 slim=$6
        export SOURCE_DATE_EPOCH="$epoch"
        unset TMPDIR
        mkdir -p root

        private=
        if unshare --mount true 2>/dev/null; then private='unshare --mount'; fi
        set --
        if [ "$slim" = yes ]; then
            set -- --dpkgopt='path-exclude=/usr/share/doc/*' \\
                --dpkgopt='path-include=/usr/share/doc/*/copyright' \\
                --dpkgopt='path-exclude=/usr/share/man/*' \\
                --dpkgopt='path-exclude=/usr/share/info/*' \\
                --dpkgopt='path-exclude=/usr/share/groff/*' \\
                --dpkgopt='path-exclude=/usr/share/lintian/*' \\
                --dpkgopt='path-exclude=/usr/share/locale/*' \\
                --dpkgopt='path-include=/usr/share/locale/locale.alias'
        fi
        $private mmdebstrap --mode=root --format=directory --variant="$variant" \\
            --architectures="$architecture" --include="$(cat include)" \\
            --setup-hook='for d in bin sbin lib lib32 lib64 libx32; do
                mkdir -p "$1/usr/$d"; ln -s "usr/$d" "$1/$d"; done' \\
            --extract-hook='for file in "$1"/var/cache/apt/archives/*.deb; do
                dpkg-deb --show --showformat="\\${Package} \\${Version} \\${Architecture}\\n" "$file"
                done > extracted' \\
            "$@" '' root "deb [trusted=yes] $repository ./"

        echo 'I: packing' >&2
        if [ "$variant" = extract ]; then
            mv extracted packages
        else
            dpkg-query --admindir=root/var/lib/dpkg --show \\
                --showformat='${Package} ${Version} ${Architecture} ${db:Status-Status}\\n' |
                sed -n 's/ installed$//p' > packages
        fi

        cd root
        # Directories no package put anything into.
        for d in lib32 lib64 libx32; do
            if rmdir "usr/$d" 2>/dev/null; then rm "$d"; fi
        done
        # Copies of this machine's, if they are not a package's links.
        for f in etc/resolv.conf etc/hostname; do
            if [ -f "$f" ] && [ ! -L "$f" ]; then rm "$f"; fi
        done
        # mmdebstrap's own, and what apt and dpkg keep for the next time, which there is not.
        rm -rf etc/fstab etc/apt/sources.list etc/apt/sources.list.d/* \\
            etc/dpkg/dpkg.cfg.d/99mmdebstrap var/cache/apt/* var/lib/apt/lists/* \\
            var/lib/apt/extended_states var/lib/dpkg/arch var/lib/dpkg/lock* \\
            var/lib/dpkg/triggers/Lock var/lib/dpkg/*-old var/cache/debconf/*-old
        # Logs of the installation, locks and backups, caches with times in them.
        rm -rf var/log/apt var/log/dpkg.log var/log/alternatives.log var/log/bootstrap.log \\
            var/log/fontconfig.log var/cache/ldconfig/aux-cache etc/.pwd.lock \\
            etc/passwd- etc/group- etc/shadow- etc/gshadow- etc/subuid- etc/subgid-
        # Identities and keys that must not be those of every image.
        rm -f var/lib/dbus/machine-id var/lib/systemd/random-seed var/lib/systemd/credential.secret \\
            etc/ssh/ssh_host_*_key etc/ssh/ssh_host_*_key.pub \\
            etc/ssl/private/ssl-cert-snakeoil.key etc/ssl/certs/ssl-cert-snakeoil.pem
        if [ -e etc/machine-id ]; then : > etc/machine-id; fi
        # Empty directories of mmdebstrap's for tools that are not there.
        if [ "$variant" = extract ]; then
            rm -f var/lib/dpkg/status
            rmdir --ignore-fail-on-non-empty etc/dpkg/* etc/dpkg var/lib/dpkg/* var/lib/dpkg \
                2>/dev/null || true
        fi
        if ! grep -q '^apt ' ../packages; then
            rmdir --ignore-fail-on-non-empty etc/apt/* etc/apt var/lib/apt/* var/lib/apt \
                var/cache/apt 2>/dev/null || true
        fi
        if [ "$variant" = extract ]; then
            rmdir --ignore-fail-on-non-empty var/cache var/lib var/log var etc tmp \
                2>/dev/null || true
        fi
        # Made early, late or not at all, as this user may make device nodes or not.
        mkdir -p dev
        touch -d "@$epoch" dev .
        cd ..

        tar --sort=name --format=pax --numeric-owner --xattrs --xattrs-include='*' \\
            --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \\
            --clamp-mtime --mtime="@$epoch" --exclude='./dev/?*' \\
            --use-compress-program='zstd -q -1 -T1' -C root -cf layer.tar.zst .
        """
}
