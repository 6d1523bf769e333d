// The ubus object `autoipsec`, as docs/ubus.md tells it. What the daemon knows is asked from the daemon,
// the rest from the command line; both run beside rpcd, which goes on meanwhile. No shell sees an argument.
'use strict';

import { connect } from 'ubus';

const PROGRAM = '/usr/sbin/autoipsec';
const UCODE = '/usr/bin/ucode';
const ASK = '/usr/share/autoipsec/ask-daemon.uc';

// rpcd takes no more of a program than 256 kB; a connection has up to 900 bytes
const DEFAULT_LIMIT = 200;
const LARGEST_LIMIT = 250;
const MOST_CLIENTS = 16;

const bus = connect();

// What an argument may be: its type for rpcd, a check, and what to say when it fails.
const forms = {
	address: {
		type: '',
		check: (value) => length(value) <= 45 && iptoarr(value) != null,
		says: 'must be an IPv4 or IPv6 address'
	},
	limit: {
		type: 32,
		check: (value) => value >= 1 && value <= LARGEST_LIMIT,
		says: `must be 1 to ${LARGEST_LIMIT}`
	},
	for: {
		type: [],
		check: (value) => length(value) <= MOST_CLIENTS &&
			!length(filter(value, (each) => type(each) != 'string' || !match(each, /^[0-9A-Fa-f.:]{2,45}(\/[0-9]{1,3})?$/))),
		says: `must be up to ${MOST_CLIENTS} addresses or blocks`
	},
	peer: {
		type: '',
		check: (value) => match(value, /^[A-Za-z0-9@][A-Za-z0-9@._:-]{0,127}$/),
		says: 'must be the id of a peer'
	},
	fingerprint: {
		type: '',
		check: (value) => match(value, /^[0-9A-Fa-f: ]{16,200}$/),
		says: 'must be 16 or more hexadecimal digits'
	},
	reason: {
		type: '',
		check: (value) => length(value) <= 200 && !match(value, /[[:cntrl:]]/),
		says: 'must be one line of up to 200 characters'
	},
	ike: { type: true },
	offline: { type: true }
};

// Why the arguments can not be used; null when they can.
function faultOf(given, required) {
	for (let name in required)
		if (given[name] == null)
			return `${name} is missing`;

	for (let name, value in given) {
		const form = forms[name];

		if (form?.check && !form.check(value))
			return `${name} ${form.says}`;
	}

	return null;
}

function parsed(text) {
	try {
		return json(text);
	}
	catch (e) {
		return null;
	}
}

// Runs a program beside rpcd; `answer` makes the reply of what it printed.
function run(request, command, params, answer) {
	const started = bus.defer('file', 'exec', { command, params }, (code, result) => {
		const said = code == 0 ? parsed(result?.stdout) : null;
		const why = code == 0 ? trim(result?.stderr ?? '') : `${command} did not end well (ubus status ${code})`;

		request.reply(type(said) == 'object' ? answer(said) : { error: why || 'no usable answer' });
	});

	return started ?? { error: 'rpcd-mod-file is missing' };
}

function fromDaemon(said) {
	if (said.ok)
		return type(said.result) == 'object' ? said.result : { result: said.result };

	// its commands are there while a WAN has it
	if (match(said.error, /^no command 'autovpn-/))
		return { error: 'the plugin autovpn is not in use', running: true };

	return { error: said.error, running: said.running ?? true };
}

function askDaemon(request, command, given) {
	return run(request, UCODE, [ ASK, sprintf('%J', { ...given, command }) ], fromDaemon);
}

function askProgram(request, words) {
	return run(request, PROGRAM, [ ...words, '--json' ], (said) => said);
}

// A method with arguments of these names; `call` gets those that were given.
function method(names, required, call) {
	const args = {};

	for (let name in names)
		args[name] = forms[name].type;

	return {
		args,
		call: (request) => {
			const given = {};

			for (let name in names)
				if (request.args?.[name] != null)
					given[name] = request.args[name];

			const fault = faultOf(given, required);

			return fault ? { error: fault } : call(request, given);
		}
	};
}

// A method that the daemon has as `command`.
function daemonMethod(command, names, required) {
	return method(names, required, (request, given) => askDaemon(request, command, given));
}

const methods = {
	status: method([ 'limit' ], [], (request, given) => askDaemon(request, 'status', { limit: DEFAULT_LIMIT, ...given })),
	forget: daemonMethod('forget', [ 'address' ], [ 'address' ]),
	rekey: daemonMethod('rekey', [ 'address', 'ike' ], [ 'address' ]),
	peers: daemonMethod('autovpn-peers', [], []),
	own: daemonMethod('autovpn-own', [], []),
	trust: daemonMethod('autovpn-trust', [ 'peer', 'fingerprint' ], [ 'peer', 'fingerprint' ]),
	distrust: daemonMethod('autovpn-distrust', [ 'peer', 'reason' ], [ 'peer' ]),
	remove: daemonMethod('autovpn-remove', [ 'peer' ], [ 'peer' ]),
	secret: daemonMethod('autovpn-secret', [ 'peer' ], [ 'peer' ]),
	check: method([], [], (request) => askProgram(request, [ 'check' ])),
	records: method([ 'for', 'offline' ], [], (request, given) => askProgram(request, [
		'records',
		...map(given.for ?? [], (each) => `--for=${each}`),
		...(given.offline ? [ '--offline' ] : [])
	]))
};

return { autoipsec: methods };
