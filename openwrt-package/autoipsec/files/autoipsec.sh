#!/bin/sh
# The first word of a procd command is the name in the system log, hence this wrapper around qjs.
# A reload may come while qjs still loads: the daemon reads its configuration after that anyway.
[ "$1" != daemon ] || trap '' HUP
exec /usr/bin/qjs --std --strip-source --no-unhandled-rejection -m /usr/share/autoipsec/autoipsec.js "$@"
