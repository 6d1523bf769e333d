'use strict';
'require view';
'require poll';
'require dom';
'require uci';
'require autoipsec.calls as calls';
'require autoipsec.page as page';
'require autoipsec.sentences as sentences';
'require autoipsec.table as table';
'require autoipsec.warnings as warnings';
'require autoipsec.words as words';

const readonly = !L.hasViewPermission();

/** What the filter looks through. */
const haystack = (each) => [
	each.destination, each.source, each.wan, each.why, words.state(each.state),
	each.peer?.address, each.peer?.identity, words.finder(each.foundBy)
].join(' ').toLowerCase();

const traffic = ({ counters }) => counters ? counters.bytesIn + counters.bytesOut : 0;

function showDetails(each, now) {
	const { peer, counters } = each;

	page.dialog(_('Details of %s').format(each.destination), [
		page.facts([
			[ _('State'), words.state(each.state) ],
			[ _('Why'), words.explain(each, now) ],
			[ _('Setting'), words.policyClass(each.class) ],
			[ _('From'), each.source ],
			[ _('Interface'), each.wan ],
			[ _('Found by'), words.finder(each.foundBy) ],
			[ _('Peer'), peer?.address ],
			[ _('Identity'), peer?.identity ],
			[ _('Trust'), peer ? words.trust(peer) : null ],
			[ _('Started by'), peer ? (peer.role == 'initiator' ? _('this router') : _('the peer')) : null ],
			[ _('Algorithms'), peer?.suite ],
			[ _('SPI in, out'), peer ? '%s, %s'.format(peer.spiIn, peer.spiOut) : null ],
			[ _('Packets in, out'), counters ? '%d, %d'.format(counters.packetsIn, counters.packetsOut) : null ],
		])
	], (close) => each.state == 'keyed' ? [ page.button(_('New keys now'), () => {
		close();
		return renew(each.destination);
	}, { isOff: readonly }) ] : []);
}

/** New keys for a tunnel, which goes on meanwhile. */
async function renew(destination) {
	const { error, rekeyed, failures } = await calls.rekey(destination);
	const why = error ?? (L.toArray(failures).map(sentences.translate).join('; ') || (rekeyed > 0 ? '' : _('its tunnel is gone.')));

	if (why)
		page.tell(_('No new keys for %s: %s').format(destination, why), true);
	else
		page.tell(_('The tunnel to %s has new keys.').format(destination));
}

async function tryAgain(destination) {
	const answer = await calls.forget(destination);

	if (answer.error)
		page.tell(_('%s can not be tried again: %s').format(destination, answer.error), true);
	else
		page.tell(_('What was known about %s is forgotten; the next packet tries again.').format(destination));
}

const columns = (now) => [
	{ id: 'state', title: _('State'),
	  key: (each) => words.stateNames.indexOf(each.state),
	  cell: (each) => [ page.badge(each.state, words.state(each.state)) ] },
	{ id: 'destination', title: _('Destination'),
	  key: (each) => each.destination,
	  cell: (each) => [ E('strong', {}, [ each.destination ]), E('small', {}, [ words.explain(each, now()) ]) ] },
	{ id: 'peer', title: _('Peer'),
	  key: (each) => each.peer?.address ?? '',
	  cell: (each) => each.peer ? [
		  each.peer.address,
		  each.peer.identity != each.peer.address ? E('small', {}, [ each.peer.identity ]) : '',
		  E('small', {}, [ words.trust(each.peer) ])
	  ] : null },
	{ id: 'finder', title: _('Found by'),
	  key: (each) => words.finder(each.foundBy),
	  cell: (each) => each.foundBy ? [ words.finder(each.foundBy) ] : null },
	{ id: 'since', title: _('Since'), down: true,
	  key: (each) => each.since ?? 0,
	  cell: (each) => each.since > 0 ? [ words.duration(now() - each.since) ] : null },
	{ id: 'used', title: _('Last used'), down: true,
	  key: (each) => each.counters?.lastUseSeconds ?? 0,
	  cell: (each) => each.counters ? [ words.ago(each.counters.lastUseSeconds, now()) ] : null },
	{ id: 'data', title: _('Data in, out'), down: true,
	  key: traffic,
	  cell: ({ counters }) => counters
		  ? [ '↓ ', words.bytes(counters.bytesIn), E('br'), '↑ ', words.bytes(counters.bytesOut) ] : null },
	{ id: 'actions-cell', title: '',
	  cell: (each) => [ E('div', { 'class': 'autoipsec-actions' }, [
		  page.button(_('Try again'), () => tryAgain(each.destination), {
			  hint: _('Try %s again').format(each.destination), isOff: readonly
		  }),
		  page.button(_('Details'), () => showDetails(each, now()), { hint: _('Details of %s').format(each.destination) })
	  ]) ] }
];

return view.extend({
	load: () => Promise.all([
		calls.status(calls.most),
		calls.peers(),
		L.resolveDefault(uci.load('autoipsec'))
	]),

	render([ report, { peers } ]) {
		this.now = 0;
		this.findings = [];
		this.alarms = E('div', { 'aria-live': 'polite' });
		this.totals = E('dl', { 'class': 'autoipsec-totals' });
		this.note = E('p', { 'role': 'status' });
		this.checks = E('div', { 'aria-live': 'polite' });
		this.table = table.create({
			caption: _('Destinations'),
			columns: columns(() => this.now),
			rowKey: (each) => '%s %s %s'.format(each.wan, each.source, each.destination),
			empty: '',
			sortBy: 'state'
		});
		this.peers = peers;
		this.show(report);
		poll.add(() => this.look(), 5);
		this.check();

		return E('div', {}, [
			page.top(_('Automatic IPsec'),
				_('What this router encrypts now, with whom, and why something is not encrypted.')),
			this.alarms,
			this.totals,
			this.filterBar(),
			this.note,
			this.table.node,
			E('h3', {}, [ _('Is this router ready?') ]),
			page.button(_('Check now'), () => this.check()),
			this.checks
		]);
	},

	/** @private */
	async look() {
		const [ report, { peers } ] = await Promise.all([ calls.status(calls.most), calls.peers() ]);

		this.peers = peers;
		this.show(report);
	},

	/** @private */
	filterBar() {
		const again = () => this.draw();

		this.text = E('input', {
			'type': 'search', 'class': 'cbi-input-text', 'aria-label': _('Filter'),
			'placeholder': _('Filter: address, name or reason'), 'input': again
		});
		this.state = E('select', { 'class': 'cbi-input-select', 'aria-label': _('Which states'), 'change': again }, [
			E('option', { 'value': '' }, [ _('All states') ]),
			...words.stateNames.map((name) => E('option', { 'value': name }, [ words.state(name) ]))
		]);

		return E('div', { 'class': 'autoipsec-bar', 'role': 'search' }, [
			this.text, this.state, this.table.sortList(_('Order'))
		]);
	},

	/** @private A new report, or why there is none. */
	show(report) {
		this.report = report;
		this.now = report.now ?? 0;
		this.warn(this.warnings());
		dom.content(this.totals, this.sums().map(([ term, value ]) =>
			E('div', {}, [ E('dt', {}, [ term ]), E('dd', {}, [ value ]) ])));
		this.draw();
	},

	/** @private Draws warnings when they are other ones: a screen reader says what is drawn. */
	warn(found) {
		const drawn = JSON.stringify(found);

		if (drawn != this.drawn)
			dom.content(this.alarms, found.map(warnings.render));

		this.drawn = drawn;
	},

	/** @private */
	warnings() {
		if (!this.report.error)
			return [
				...warnings.fromPeers(this.peers),
				...L.toArray(this.report.warnings).filter((each) => !warnings.isAboutPeer(each)).map(warnings.fromDaemon),
				...warnings.fromCheck(this.findings)
			];

		if (this.report.running)
			return [ warnings.fromDaemon(this.report.error) ];

		return [ uci.get('autoipsec', 'main', 'enabled') == '1'
			? warnings.notRunning(this.report.error) : warnings.switchedOff() ];
	},

	/** @private */
	sums() {
		const { totals, connections } = this.report;

		if (!totals)
			return [];

		const sum = (member) => L.toArray(connections).reduce((all, { counters }) => all + (counters?.[member] ?? 0), 0);

		return [
			...words.stateNames.map((name) => [ words.state(name), String(totals[name] ?? 0) ]),
			[ _('Data in, encrypted'), words.bytes(sum('bytesIn')) ],
			[ _('Data out, encrypted'), words.bytes(sum('bytesOut')) ]
		];
	},

	/** @private */
	draw() {
		const all = L.toArray(this.report.connections);
		const text = (this.text?.value ?? '').trim().toLowerCase();
		const state = this.state?.value ?? '';
		const shown = all.filter((each) => (!state || each.state == state) && haystack(each).includes(text));
		const total = Object.values(this.report.totals ?? {}).reduce((sum, n) => sum + n, 0);

		dom.content(this.note, [ total > all.length
			? _('%d of %d destinations, those with tunnels first; %d pass the filter.').format(all.length, total, shown.length)
			: shown.length < all.length ? _('%d of %d destinations pass the filter.').format(shown.length, all.length) : '' ]);
		this.table.update(shown, all.length
			? _('Nothing passes the filter.')
			: _('Nothing yet. Destinations appear as soon as somebody sends to them.'));
	},

	/** @private What `autoipsec check` says. */
	async check() {
		const answer = await calls.check();

		this.findings = answer.findings ?? [];
		dom.content(this.checks, answer.error
			? [ E('p', {}, [ answer.error ]) ]
			: [ E('p', {}, [ E('strong', {}, [ sentences.translate(answer.verdict) ]) ]), E('ul', {}, this.findings.map(warnings.finding)) ]);
		this.show(this.report);
	},

	handleSave: null,
	handleSaveApply: null,
	handleReset: null
});
