/// What runs before the commands of an edit, in this machine's shell. Arguments: the copy of the
/// tree, then the program and its arguments.
///
/// Tools come from packages every Debian has: mount(8) and unshare(1) of util-linux, chroot(1) of
/// coreutils, hostname(1).
enum EnterScript {
    /// In namespaces, with the copy as root.
    ///
    /// The copy is moved over `/` of the mount namespace before chroot(2), so that nothing of this
    /// machine is left for a program to climb back to, be it root. The program's parent is a shell
    /// of the tree, process 1 there: ours would show this machine in /proc/1/root.
    ///
    /// /dev is a small one of its own: what is done there is not saved.
    static let image = """
        set -eu
        umask 022
        root=$1
        shift
        mount -n --bind "$root" "$root"
        cd "$root"
        for name in proc dev; do
            [ -e "$name" ] || [ -L "$name" ] || mkdir -m 755 "$name"
        done
        if [ -d proc ] && [ ! -L proc ]; then
            mount -n -t proc -o nosuid,nodev,noexec proc proc
            # The settings there are this machine's kernel's.
            mount -n --bind proc/sys proc/sys
            mount -n -o remount,bind,ro,nosuid,nodev,noexec proc/sys
        fi
        if [ -d dev ] && [ ! -L dev ]; then
            mount -n -t tmpfs -o mode=755,nosuid dev dev
            for name in null zero full random urandom tty; do
                : >"dev/$name"
                [ ! -c "/dev/$name" ] || mount -n --bind "/dev/$name" "dev/$name"
            done
            ln -s /proc/self/fd dev/fd
            ln -s fd/0 dev/stdin
            ln -s fd/1 dev/stdout
            ln -s fd/2 dev/stderr
            mkdir -m 1777 dev/shm
            mkdir dev/pts
            if mount -n -t devpts -o newinstance,ptmxmode=666,mode=600 devpts dev/pts 2>/dev/null; then
                ln -s pts/ptmx dev/ptmx
            fi
        fi
        hostname localhost 2>/dev/null || :
        mount -n --move . /
        exec chroot . /bin/sh -c '"$@"; exit $?' sh "$@"
        """

    /// Root of a container that may make no namespaces.
    static let changedRoot = """
        umask 022
        root=$1
        shift
        exec chroot "$root" "$@"
        """

    /// A tree whose shell cannot be started here, such as one without.
    ///
    /// This machine is there to be read: a path that was meant for the tree must not change it.
    /// Flags that a mount has must stay with a remount in a user namespace
    /// (mount_namespaces(7), "Restrictions on mount namespaces").
    static let hostInNamespaces = """
        umask 022
        root=$1
        shift
        mount -n -t proc proc /proc 2>/dev/null || :
        mount -n --bind "$root" "$root" || exit
        cat /proc/self/mounts | while read -r _ point _ options _; do
            point=$(printf %b "$point")
            [ "$point" != "$root" ] || continue
            flags=ro
            for flag in nosuid nodev noexec noatime nodiratime relatime; do
                case ",$options," in *",$flag,"*) flags=$flags,$flag ;; esac
            done
            mount -n -o "remount,bind,$flags" "$point" 2>/dev/null || [ ! -w "$point" ] || {
                echo "cannot make $point read-only" >&2
                exit 1
            }
        done || exit
        case $root in
        /tmp/*) ;;
        *) mount -n -t tmpfs -o mode=1777,nosuid,nodev tmpfs /tmp || exit ;;
        esac
        cd "$root" || exit
        "$@"
        exit $?
        """

    static let host = """
        umask 022
        root=$1
        shift
        cd "$root" || exit
        "$@"
        exit $?
        """
}
