#!/bin/sh
# build.sh LAB OUTDIR - assemble a lab with NASM alone, in the order of its
# lab.json: a later program includes the output of an earlier one.
#
#   guests/build.sh hypercall out/hypercall
#
# LAB is a folder in guests/labs.  lab.json is read with sed, line by line:
# every program has to stand on a line of its own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lab=$here/labs/${1:?"usage: $0 LAB OUTDIR"}
out=${2:?"usage: $0 LAB OUTDIR"}
mkdir -p "$out"

sed -n 's/.*"source": *"\([^"]*\)", *"output": *"\([^"]*\)".*/\1 \2/p' "$lab/lab.json" |
while read -r source output; do
    nasm -f bin \
        -I "$lab/" -I "$here/include/" -I "$(dirname "$lab/$source")/" -I "$out/" \
        -o "$out/$output" "$lab/$source"
done
