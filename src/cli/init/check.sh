#!/bin/sh
# What a change of the rules has to pass, here and in a pipeline: each line ends with another exit code than 0 where it
# does not hold.
set -eu
cd "$(dirname "$0")"
bylaws fmt --check policies
bylaws check policies
bylaws lint policies
bylaws test policies --coverage --min-coverage 100
