#!/bin/sh
# Puts DIMSE Console into the menu of this user: the desktop entry and the icon.
# `dimse-console` itself must be on the PATH (a wheel installed with pipx, or a link to the frozen folder's program).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
data=${XDG_DATA_HOME:-$HOME/.local/share}
icon=$here/../../resources/icons/app.svg
install -D -m 644 "$here/dimse-console.desktop" "$data/applications/dimse-console.desktop"
install -D -m 644 "$icon" "$data/icons/hicolor/scalable/apps/dimse-console.svg"
if command -v update-desktop-database >/dev/null; then
    update-desktop-database "$data/applications"
fi
echo "DIMSE Console is in the menu now (entry and icon in $data)."
