# Virtual environments from a hash-pinned list: sourced by scripts/setup and scripts/test.

# Where interpreters are looked for, besides the PATH: pyenv keeps several and shows only one.
python_candidates() {
    echo "${ARF_PYTHON:-}"
    local version root
    for version in 3.11 3.12 3.13; do command -v "python$version" || true; done
    command -v python3 || true
    root=${PYENV_ROOT:-$(pyenv root 2>/dev/null || echo "$HOME/.pyenv")}
    for version in 3.11 3.12 3.13; do ls -d "$root"/versions/"$version".*/bin/python3 2>/dev/null || true; done
}

# Prints "3.12 /path/to/python3.12" for every interpreter that starts and is supported, one line a version.
supported_pythons() {
    local candidate
    python_candidates | while read -r candidate; do
        [ -n "$candidate" ] || continue
        "$candidate" -c 'import sys; v = sys.version_info; (3, 11) <= v[:2] <= (3, 13) and print(f"{v[0]}.{v[1]}", sys.executable)' 2>/dev/null || true
    done | sort -s -u -k1,1
}

# The interpreter that the user named, or python3 if it is supported, or the oldest supported one.
newest_python() {
    local candidate
    for candidate in "${ARF_PYTHON:-}" "$(command -v python3 || true)"; do
        [ -n "$candidate" ] && "$candidate" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null \
            && { echo "$candidate"; return; }
    done
    supported_pythons | head -n 1 | cut -d' ' -f2 | grep .
}

# make_venv FOLDER PYTHON REQUIREMENTS: the pinned list, in an environment of its own.
make_venv() {
    local folder=$1 python=$2 requirements=$3 stamp
    stamp=$(cat "$requirements" ./*/pyproject.toml scripts/lib/venv.sh <("$python" -VV) | sha256sum)
    [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp" ] && return
    echo "setup: making $folder with $("$python" -V)" >&2
    rm -rf "$folder"
    if ! "$python" -m venv "$folder" >/dev/null; then
        echo "setup: $python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2
        return 7
    fi
    install "$folder" --require-hashes -r "$requirements"
    echo "$stamp" > "$folder/.stamp"
}

# install FOLDER ARGUMENTS…: `pip install ARGUMENTS…` there, by uv where it does.
install() {
    local folder=$1
    shift
    if uv_for "$folder"; then
        # The system's certificates: behind a company's proxy, uv's own list does not do.
        VIRTUAL_ENV=$PWD/$folder UV_SYSTEM_CERTS=true "$UV" pip install -q --compile-bytecode "$@" && return
        echo "setup: uv did not do, taking pip" >&2
    fi
    "$folder/bin/python" -m pip install -q --disable-pip-version-check "$@"
}

# Sets UV to a uv that works: the one on the PATH, or one installed into the environment. ARF_NO_UV=1 asks for pip.
uv_for() {
    [ -z "${ARF_NO_UV:-}" ] || return 1
    UV=$(command -v uv || true)
    [ -n "$UV" ] && "$UV" --version >/dev/null 2>&1 && return
    "$1/bin/python" -m pip install -q --disable-pip-version-check uv >/dev/null 2>&1 || return 1
    UV=$1/bin/uv
}
