#!/bin/sh
# An event listener in a few lines: writes the header and the payload of every event to its standard error.
while echo READY && read -r header; do
  payload=$(head -c "${header##*len:}")
  echo "$header: $payload" >&2
  printf 'RESULT 2\nOK'
done
