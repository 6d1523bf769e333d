'use strict';
'require view';
'require dom';
'require autoipsec.calls as calls';
'require autoipsec.copyable as copyable';
'require autoipsec.page as page';
'require autoipsec.sentences as sentences';

const presences = {
	present: _('✓ Published'),
	missing: _('✗ Not published'),
	differs: _('✗ Something else is published'),
	unknown: _('? Could not be looked up')
};

const record = ({ kind, owner, line, data, presence, detail }) => E('section', { 'class': 'autoipsec-card', 'aria-label': '%s %s'.format(kind, owner) }, [
	E('h4', {}, [ '%s: %s'.format(kind, owner) ]),
	presence ? E('p', {}, [ page.badge(presence, presences[presence] ?? presence), detail ? ' ' + sentences.translate(detail) : '' ]) : '',
	E('strong', {}, [ _('As a line of a zone file') ]),
	copyable.field(_('Line for %s').format(kind), line, 3),
	E('details', {}, [
		E('summary', {}, [ _("For a provider's form") ]),
		page.facts([
			[ _('Name'), copyable.field(_('Name'), owner, 1) ],
			[ _('Type'), kind ],
			[ _('Value'), copyable.field(_('Value'), data, 3) ]
		])
	])
]);

const group = ({ purpose, records }) => E('div', {}, [ E('p', { 'class': 'autoipsec-purpose' }, [ sentences.translate(purpose) ]), ...records.map(record) ]);

return view.extend({
	render() {
		this.list = E('div', { 'aria-live': 'polite' });
		this.hosts = E('input', {
			'type': 'text', 'class': 'cbi-input-text', 'id': 'autoipsec-hosts', 'placeholder': '198.51.100.0/24',
			'keydown': (ev) => ev.key == 'Enter' && this.look()
		});
		this.look();

		return E('div', {}, [
			page.top(_('My records'), _('What to publish in the DNS, so that others encrypt to this router and know it when it calls. Without it you encrypt to others as far as they let you.')),
			E('div', { 'class': 'autoipsec-bar' }, [
				E('label', { 'for': 'autoipsec-hosts' }, [ _('Hosts behind this router with public addresses of their own') ]),
				this.hosts,
				page.button(_('Look again'), () => this.look())
			]),
			this.list
		]);
	},

	/** @private Asks what to publish, and the DNS whether it is there. */
	async look() {
		const hosts = this.hosts.value.split(/[\s,]+/).filter(Boolean);

		dom.content(this.list, [ E('p', { 'class': 'spinning' }, [ _('The name servers are asked…') ]) ]);

		const answer = await calls.records(hosts);
		const groups = L.toArray(answer.groups);

		dom.content(this.list, answer.error
			? [ E('div', { 'class': 'alert-message warning', 'role': 'alert' }, [ E('p', {}, [ answer.error ]) ]) ]
			: [ E('p', {}, [ E('strong', {}, [ this.verdict(groups) ]) ]), ...L.toArray(answer.notes).map((note) => E('p', {}, [ sentences.translate(note) ])), ...groups.map(group) ]);
	},

	/** @private */
	verdict(groups) {
		const all = groups.flatMap(({ records }) => records);
		const there = all.filter(({ presence }) => presence == 'present').length;

		if (all.length == 0)
			return _('There is nothing to publish yet.');

		return there == all.length
			? _('Everything is published.')
			: _('%d of %d records are published. Put the others into the zone, or give them to your provider.').format(there, all.length);
	},

	handleSave: null,
	handleSaveApply: null,
	handleReset: null
});
