#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# docs_test.sh SOURCE_DIR PROGRAM: the documents say what the program does. See tools/docs.py; when
# an output has changed on purpose: tools/docs.py write PROGRAM, and look at the difference.
set -euo pipefail
exec python3 "$1/tools/docs.py" check "$2"
