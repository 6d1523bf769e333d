'use strict';
'require baseclass';
'require rpc';
'require autoipsec.sentences as sentences';

/*
 * The ubus object `autoipsec` (docs/ubus.md). What can not be done comes as `{ error, running }`; a
 * call that fails outright (rpcd without the object, a time limit) is made to look the same.
 */

const inReadersWords = (answer) => answer.error ? { ...answer, error: sentences.translate(answer.error) } : answer;

const declare = (method, params) => {
	const call = rpc.declare({ object: 'autoipsec', method, params: params ?? [] });

	return (...args) => call(...args).then(
		(answer) => L.isObject(answer) ? inReadersWords(answer) : { error: _('The router gave no answer.') },
		(error) => ({ error: String(error?.message ?? error) }));
};

return baseclass.extend({
	/** How many connections one answer may carry at most: what rpcd takes. */
	most: 250,

	status: declare('status', [ 'limit' ]),
	check: declare('check'),
	records: declare('records', [ 'for' ]),
	peers: declare('peers'),
	own: declare('own'),
	forget: declare('forget', [ 'address' ]),
	rekey: declare('rekey', [ 'address' ]),
	trust: declare('trust', [ 'peer', 'fingerprint' ]),
	distrust: declare('distrust', [ 'peer', 'reason' ]),
	remove: declare('remove', [ 'peer' ])
});
