#!/usr/bin/env bash
# Audits a Google Workspace activity log; its own arguments are passed on to `bylaws audit`.
#
#   DATA     folder with gws.ndjson (default: ../shared/data/google_workspace beside the project)
#   BYLAWS   the program to run (default: this project's release build, made by cargo where it is not there)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
data=${DATA:-$root/../shared/data/google_workspace}
if [ ! -d "$data" ]; then
  echo "run.sh: no folder $data: set DATA to a copy of invictus-ir/gws_dataset" >&2
  exit 2
fi
bylaws=(cargo run --release --quiet --manifest-path "$root/Cargo.toml" --)
[ -z "${BYLAWS:-}" ] || bylaws=("$BYLAWS")
exec "${bylaws[@]}" audit --policy "$here" "$data/gws.ndjson" "$@"
