#!/bin/sh
# What `make check` calls: the judge, the sources, the program that prints the answers.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
exec /usr/bin/python3 "$top/tests/golden/cloud_answers.py" "$top" tests/golden/cloud_answers
