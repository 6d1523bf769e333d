// Carries one request to the daemon and prints its answer, both a line of JSON. A process of its own, because
// rpcd must not wait for a daemon that computes, and because starting qjs for each look costs a small
// router half a second.
//
//   ucode ask-daemon.uc '{ "command": "status" }' [SOCKET]
'use strict';

import * as socket from 'socket';

const PATIENCE_MS = 25000;
const LONGEST_ANSWER = 4 * 1024 * 1024;

function fail(running, why) {
	printf("%J\n", { ok: false, running, error: why });
	exit(1);
}

const path = ARGV[1] ?? '/var/run/autoipsec/control.sock';
const daemon = socket.create(socket.AF_UNIX, socket.SOCK_STREAM, 0);

if (!daemon || !daemon.connect(path))
	fail(false, `the daemon is not running (${socket.error() ?? 'no socket'})`);

daemon.send(ARGV[0] + "\n");

let answer = '';

while (index(answer, "\n") < 0) {
	const ready = socket.poll(PATIENCE_MS, [ daemon, socket.POLLIN ]);
	const piece = ready?.[0]?.[1] ? daemon.recv(65536) : null;

	if (!length(piece))
		fail(true, 'the daemon gave no answer');

	answer += piece;

	if (length(answer) > LONGEST_ANSWER)
		fail(true, 'the answer of the daemon is too long');
}

print(answer);
