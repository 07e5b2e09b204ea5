#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# A user of the command line: user.sh BUILD VM-ADDRESS..., as root or an orchestrator
set -euo pipefail

build=$1
shift
sallyport enable "$build" --user ubuntu --title "by hand: $build" "${@/#/--node=}" >/dev/null
trap 'sallyport cancel "$build"' EXIT

sallyport connect "$build"
sallyport connect "$build" --format ssh_config
sallyport finish "$build"
sallyport extend "$build" --by 10m
sallyport diagnose "$build"
sallyport show "$build" -o json | jq -r '"\(.state) until \(.deadline)"'
