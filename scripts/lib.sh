# shellcheck shell=sh
# What quickstart and check share: the commands and the Python that iplab needs.
# Sourced from the top of the checkout, with `set -eu`.

VENV=$(pwd -P)/.venv

# An ordinary user's PATH on Debian lacks the sbin directories, where ip and nft live.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

# command:package of Debian and Ubuntu.
COMMANDS="ip:iproute2 bridge:iproute2 tc:iproute2 ping:iputils-ping fping:fping nft:nftables
    sysctl:procps nsenter:util-linux unshare:util-linux"

heading() { printf '\n== %s\n' "$*"; }
note() { printf '%s\n' "$*" >&2; }
die() {
    note "${0##*/}: $*"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# quietly WHAT COMMAND...: says WHAT; the command's output is shown only if it fails.
quietly() {
    printf '%s ...\n' "$1"
    shift
    log=$(mktemp)
    if "$@" >"$log" 2>&1 </dev/null; then
        rm -f "$log"
        return 0
    fi
    cat "$log" >&2
    rm -f "$log"
    note "This failed: $*"
    return 1
}

# --- packages -----------------------------------------------------------------------------

# missing_packages COMMAND:PACKAGE...: prints each package of which a command is missing.
missing_packages() {
    for pair in "$@"; do
        have "${pair%%:*}" || printf '%s\n' "${pair#*:}"
    done | sort -u
}

# install_packages PACKAGE...: with apt where we may, else names the command that does it.
# It never ends the script: the caller looks for what it cannot do without.
install_packages() {
    [ $# -gt 0 ] || return 0
    heading "Missing on this machine, by package: $*"
    if ! have apt-get; then
        note "There is no apt-get here. Install the same with this system's package manager."
    elif [ "$(id -u)" -eq 0 ]; then
        apt_install "$@"
    elif have sudo && { sudo -n true 2>/dev/null || { [ -t 0 ] && sudo -v; }; }; then
        apt_install sudo "$@"
    else
        note "Installing needs root. Run this once, as root:"
        note "    apt-get update && apt-get install -y $*"
    fi
}

# apt_install [sudo] PACKAGE...
apt_install() {
    sudo=
    if [ "$1" = sudo ]; then
        sudo=sudo
        shift
    fi
    # A fresh machine has no package lists. A failing third-party source is no reason to stop.
    quietly "Fetching the package lists" $sudo apt-get update || true
    quietly "Installing $*" $sudo env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "$@" || true
}

# --- Python -------------------------------------------------------------------------------

# find_python TEST: sets PYTHON to the first Python >= 3.11 that passes TEST (Python code).
# Each is run, not only looked up: a version manager's shim may be there and not work.
find_python() {
    for PYTHON in python3 python3.14 python3.13 python3.12 python3.11; do
        "$PYTHON" -c "import sys; assert sys.version_info >= (3, 11); $1" 2>/dev/null && return 0
    done
    PYTHON=
    return 1
}

# Debian has these two in a package of their own; version() fails where pip itself is left out.
CAN_MAKE_VENV="import venv, ensurepip; ensurepip.version()"

# python_package: the package a machine lacks for a Python that can make virtual environments.
python_package() {
    find_python "$CAN_MAKE_VENV" && return 0
    if ! find_python ""; then
        echo python3 python3-venv
    elif [ "$PYTHON" = python3 ]; then
        echo python3-venv
    else
        echo "$PYTHON-venv"
    fi
}

# install_missing [COMMAND:PACKAGE...]: installs what is missing of COMMANDS, these, and Python;
# stops where something that nothing works without is still missing after that.
install_missing() {
    # Unquoted: one word a pair, one word a package.
    # shellcheck disable=SC2086
    set -- $COMMANDS "$@"
    # shellcheck disable=SC2046
    install_packages $(python_package) $(missing_packages "$@")
    find_python "$CAN_MAKE_VENV" ||
        die "a Python >= 3.11 with venv is needed (packages python3 and python3-venv)."
    have ip || die "ip is needed (package iproute2)."
    have ping || die "ping is needed (package iputils-ping)."
    for pair in "$@"; do
        have "${pair%%:*}" ||
            note "Going on without ${pair%%:*} (package ${pair#*:}): what needs it will say so."
    done
}

# --- the virtual environment ----------------------------------------------------------------

# Is .venv there, of a Python new enough, with pip, and made here? (The programs in it hold
# its full path, so that of a moved or copied checkout does not work.)
venv_is_good() {
    [ -x "$VENV/bin/python" ] && grep -qF "$VENV" "$VENV/bin/activate" &&
        "$VENV/bin/python" -c "import sys; assert sys.version_info >= (3, 11); import pip" \
            2>/dev/null
}

# install_iplab WHAT: `.` (iplab) or `.[dev]` (and what its tests need), in .venv.
# Editable, as .venv lives in the checkout anyway: after a `git pull` it is up to date.
install_iplab() {
    venv_is_good || quietly "Making a virtual environment in .venv, with $(command -v "$PYTHON")" \
        "$PYTHON" -m venv --clear "$VENV" || exit 1
    # With nothing new to install, pip need not run, nor the network be there.
    stamp=$VENV/.installed-$1
    wanted=$(cksum pyproject.toml iplab/__init__.py)
    [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && return 0
    quietly "Installing $1 in .venv" \
        "$VENV/bin/python" -m pip install --disable-pip-version-check --editable "$1" || exit 1
    printf '%s\n' "$wanted" >"$stamp"
}
