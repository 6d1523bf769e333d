'use strict';
'require baseclass';
'require autoipsec.calls as calls';
'require autoipsec.words as words';

/* The box on the status overview page: how much is encrypted, and whether there is a warning. */

return baseclass.extend({
	title: _('Automatic IPsec'),

	load: () => calls.status(1),

	/** Nothing where the service does not run. */
	render(report) {
		if (!report.totals)
			return null;

		const warnings = L.toArray(report.warnings).length;
		const rows = [
			...[ 'keyed', 'clear', 'deny' ].map((name) => [ words.state(name), String(report.totals[name] ?? 0) ]),
			[ _('Warnings'), warnings ? String(warnings) : _('none') ]
		];

		return E('div', {}, [
			E('table', { 'class': 'table' }, rows.map(([ term, value ]) => E('tr', { 'class': 'tr' }, [
				E('td', { 'class': 'td left', 'width': '33%' }, [ term ]),
				E('td', { 'class': 'td left' }, [ value ])
			]))),
			E('a', { 'href': L.url('admin/vpn/autoipsec/overview') }, [ _('What is encrypted, and why') ])
		]);
	}
});
