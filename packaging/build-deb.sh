#!/usr/bin/env bash
# Builds the Debian package from a wheel: build-deb.sh WHEEL CONSTRAINTS TARGET-FOLDER. Needs pip, dpkg-deb, /usr/bin/python3.
#
# The libraries lie in /usr/lib/watcher-news, in the versions of CONSTRAINTS: Debian's are years older than what watcher
# is tested with. There is no virtual environment, whose paths and interpreter would be fixed at build time: Debian's own
# Python runs it, so that its security updates apply. The package fits the Python of the release it is built on.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
wheel=$1 constraints=$2 target=$3
version=$(basename "$wheel" | cut -d- -f2)
python=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
next_python=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % (sys.version_info[0], sys.version_info[1] + 1))')
arch=$(dpkg --print-architecture)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date +%s)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root library=$work/root/usr/lib/watcher-news
mkdir -p "$library" "$root/DEBIAN" "$root/usr/bin" "$root/usr/lib/systemd/system" "$root/usr/share"

${PIP:-pip} install --quiet --no-compile --target "$library" --constraint "$constraints" \
    --python-version "$python" --implementation cp --only-binary :all: "$wheel[all]"
cp -a "$library/share/." "$root/usr/share/"
rm -rf "$library/share" "$library/bin"
# What pip notes of this build: the place of the wheel, and lists with the files that were moved.
find "$library" -name direct_url.json -delete
find "$library" -path '*.dist-info/RECORD' -delete
find "$library" -path '*.dist-info/REQUESTED' -delete

install -m 755 "$here/debian/watcher" "$root/usr/bin/watcher"
for unit in "$library"/watcher/service/units/*; do
    sed 's#/opt/watcher/bin/watcher#/usr/bin/watcher#' "$unit" >"$root/usr/lib/systemd/system/$(basename "$unit")"
done
gzip -9n "$root/usr/share/man/man1/watcher.1"
mv "$root/usr/share/zsh/site-functions" "$root/usr/share/zsh/vendor-completions"
cp "$here/../LICENSE" "$root/usr/share/doc/watcher-news/copyright"

for script in postinst prerm postrm; do
    install -m 755 "$here/debian/$script" "$root/DEBIAN/$script"
done
find "$root" -type d -exec chmod 755 {} +
find "$root/usr" -type f ! -path '*/usr/bin/*' -exec chmod 644 {} +
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
size=$(du -sk --apparent-size "$root/usr" | cut -f1)
sed -e "s/@VERSION@/$version/; s/@ARCH@/$arch/; s/@SIZE@/$size/; s/@PYTHON@/$python/; s/@NEXT_PYTHON@/$next_python/" \
    "$here/debian/control.in" >"$root/DEBIAN/control"
(cd "$root" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

mkdir -p "$target"
dpkg-deb --root-owner-group -Zzstd -z6 --build "$root" "$target/watcher-news_${version}_$arch.deb"
