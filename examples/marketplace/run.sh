#!/usr/bin/env bash
# Makes the marketplace's records, audits them, and writes report.html beside them; its own arguments are passed on to
# `bylaws audit`, and how that ends is how this ends.
#
#   OUT          folder to write into (default: target/marketplace in the project)
#   BYLAWS       the program to run (default: this project's release build, made by cargo where it is not there)
#   MARKETPLACE  the program that makes the records (default: this example, made by cargo where it is not there)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
out=${OUT:-$root/target/marketplace}
cargo=(cargo run --release --quiet --manifest-path "$root/Cargo.toml")
bylaws=("${cargo[@]}" --)
[ -z "${BYLAWS:-}" ] || bylaws=("$BYLAWS")
marketplace=("${cargo[@]}" --example marketplace --)
[ -z "${MARKETPLACE:-}" ] || marketplace=("$MARKETPLACE")
"${marketplace[@]}" "$out"
inputs=("$out"/*.ndjson)
for file in "$out"/*.csv; do
  kind=$(basename "$file" .csv)
  [ "$kind" = answer_key ] || inputs+=("$kind=$file")
done
inputs+=(--policy "$root/policies" --policy "$here/waivers.bylaw" --as-of 2026-03-31)
"${bylaws[@]}" report "${inputs[@]}" --title "Marketplace, 2024-04 to 2026-03" --output "$out/report.html"
exec "${bylaws[@]}" audit "${inputs[@]}" "$@"
