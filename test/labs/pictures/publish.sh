#!/bin/sh
# publish.sh - out/pictures to docs/images: cropped to what they are about, and small.
# Needs ImageMagick. Take the pictures first: see pictures.test.ts.
set -eu
cd "$(dirname "$0")/../../.."
put() { # NAME [GEOMETRY]
    convert "out/pictures/$1.png" ${2:+-crop "$2" +repage} -strip +dither -colors 128 -define png:compression-level=9 "docs/images/$1.png"
}
mkdir -p docs/images
put stepped-into-vmm
put vm-exits 548x814+0+0
put address-translation 548x650+0+0
put serial-console 732x600+548+0
ls -l docs/images
