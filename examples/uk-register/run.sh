#!/usr/bin/env bash
# Audits the register of members' financial interests; its own arguments are passed on to `bylaws audit`.
#
#   DATA     folder of the register (default: ../shared/data/uk_mps_register beside the project)
#   GIFTS    csv (default) or parquet: which edition of category 3 is read; with parquet only that is
#   BYLAWS   the program to run (default: this project's release build, made by cargo where it is not there)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
data=${DATA:-$root/../shared/data/uk_mps_register}
if [ ! -d "$data" ]; then
  echo "run.sh: no folder $data: set DATA to a copy of mysociety/parl_register_interests" >&2
  exit 2
fi
case ${GIFTS:-csv} in
  csv) inputs=(gifts="$data/category_3.csv" payments="$data/category_1.1.csv" employments="$data/category_1.csv") ;;
  parquet) inputs=(gifts_parquet="$data/category_3.parquet") ;;
  *) echo "run.sh: GIFTS is csv or parquet, not $GIFTS" >&2; exit 2 ;;
esac
bylaws=(cargo run --release --quiet --manifest-path "$root/Cargo.toml" --)
[ -z "${BYLAWS:-}" ] || bylaws=("$BYLAWS")
exec "${bylaws[@]}" audit --policy "$here" "${inputs[@]}" "$@"
