'use strict';
'require baseclass';

/*
 * A table that is redrawn every few seconds under the hands of its reader: rows keep their place in
 * the document while their content changes, so that focus and selection stay. Sorted by buttons in
 * its headings, which a keyboard reaches, and by a list where headings have no room (phones).
 *
 * A column: { id, title, cell: (row) => children (none for a dash, which a phone leaves out), key?: (row) => what to sort by, down?: largest first }
 */

const compare = (a, b) => (typeof(a) == 'number' && typeof(b) == 'number')
	? a - b
	: L.naturalCompare(String(a), String(b));

const Table = baseclass.extend({
	__init__({ caption, columns, rowKey, empty, sortBy }) {
		this.columns = columns;
		this.rowKey = rowKey;
		this.empty = empty;
		this.data = [];
		this.lines = new Map();
		this.headings = columns.map((column) => this.heading(column));
		this.titles = E('tr', { 'class': 'tr table-titles' }, this.headings);
		this.body = E('tbody', {}, [ this.titles ]);
		this.node = E('table', { 'class': 'table autoipsec-table' }, [
			E('caption', { 'class': 'autoipsec-unseen' }, [ caption ]),
			this.body
		]);
		this.sort(sortBy, this.column(sortBy).down);
	},

	/** @private */
	column(id) {
		return this.columns.find((column) => column.id == id);
	},

	/** @private */
	heading(column) {
		if (!column.key)
			return E('th', { 'class': 'th', 'scope': 'col' }, [ column.title ]);

		return E('th', { 'class': 'th', 'scope': 'col', 'data-column': column.id }, [
			E('button', {
				'class': 'autoipsec-sort',
				'type': 'button',
				'click': () => this.sort(column.id, this.sortedBy == column.id ? !this.isDown : column.down)
			}, [ column.title ])
		]);
	},

	/** A list to choose the order from. */
	sortList(label) {
		this.list = E('select', {
			'class': 'cbi-input-select',
			'aria-label': label,
			'change': (ev) => this.sort(ev.target.value, this.column(ev.target.value).down)
		}, this.columns.filter((column) => column.key).map((column) =>
			E('option', { 'value': column.id }, [ '%s: %s'.format(label, column.title) ])));
		this.list.value = this.sortedBy;

		return this.list;
	},

	sort(id, isDown) {
		this.sortedBy = id;
		this.isDown = !!isDown;

		for (const th of this.headings) {
			const isIt = th.getAttribute('data-column') == id;

			th.toggleAttribute('data-sort-direction', isIt);
			th.removeAttribute('aria-sort');

			if (isIt) {
				th.setAttribute('data-sort-direction', isDown ? 'desc' : 'asc');
				th.setAttribute('aria-sort', isDown ? 'descending' : 'ascending');
			}
		}

		if (this.list)
			this.list.value = id;

		this.draw();
	},

	/** New rows; `empty` says why there are none. */
	update(data, empty) {
		this.data = data;
		this.empty = empty ?? this.empty;
		this.draw();
	},

	/** @private */
	draw() {
		const { key } = this.column(this.sortedBy);
		const sorted = [ ...this.data ].sort((a, b) =>
			(compare(key(a), key(b)) || compare(this.rowKey(a), this.rowKey(b))) * (this.isDown ? -1 : 1));
		const focused = document.activeElement;
		const lines = new Map();
		let last = this.titles;

		for (const row of sorted) {
			const id = this.rowKey(row);
			const line = this.line(this.lines.get(id), row);

			if (last.nextSibling != line)
				last.after(line);

			lines.set(id, line);
			last = line;
		}

		while (last.nextSibling)
			last.nextSibling.remove();

		if (sorted.length == 0)
			this.body.append(E('tr', { 'class': 'tr placeholder' }, [
				E('td', { 'class': 'td', 'colspan': this.columns.length }, [ this.empty ])
			]));

		this.lines = lines;

		// a line that has moved loses the focus
		if (focused != document.activeElement && this.node.contains(focused))
			focused.focus();
	},

	/** @private Makes a line, or puts what has changed into the one that is there. */
	line(old, row) {
		const cells = this.columns.map((column) => E('td', {
			'class': 'td autoipsec-%s'.format(column.id),
			'data-title': column.title
		}, column.cell(row) ?? []));

		for (const cell of cells) {
			if (!cell.hasChildNodes()) {
				cell.classList.add('autoipsec-nothing');
				cell.append('–');
			}
		}

		if (!old)
			return E('tr', { 'class': 'tr' }, cells);

		cells.forEach((cell, i) => {
			const before = old.children[i];

			if (!before.isEqualNode(cell) && !before.contains(document.activeElement))
				before.replaceWith(cell);
		});

		return old;
	}
});

return baseclass.extend({
	create: (description) => new Table(description)
});
