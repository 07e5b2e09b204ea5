#!/bin/bash
# SPDX-License-Identifier: BSD-3-Clause
# One worker's pipeline against testpmd on the same packets, in all situations if none is named: see pipeline.py,
# which does it.
set -euo pipefail
SALLYPORT_BUILD=${SALLYPORT_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build}
export SALLYPORT_BUILD
export BENCH=pipeline
[ $# -gt 0 ] || set -- all
exec "$(dirname "$0")/pipeline.py" "$@"
