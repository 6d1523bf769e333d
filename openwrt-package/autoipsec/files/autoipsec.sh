#!/bin/sh
# The first word of a procd command is the name in the system log, hence this wrapper around qjs.
exec /usr/bin/qjs --std --strip-source --no-unhandled-rejection -m /usr/share/autoipsec/autoipsec.js "$@"
