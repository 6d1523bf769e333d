'use strict';
'require view';
'require form';
'require uci';
'require tools.widgets as widgets';
'require autoipsec.fields as fields';

/** How each kind of field is shown. */
const widgetOf = {
	flag: form.Flag,
	number: form.Value,
	text: form.Value,
	list: form.DynamicList,
	choice: form.ListValue,
	network: widgets.NetworkSelect
};

/** Says what is allowed when `value` is not; empty values stand for the default. */
const checkAgainst = ({ pattern, allowed }) => (section, value) =>
	value === '' || value == null || pattern.test(value) ? true : _('Expecting: %s').format(allowed);

function dress(option, field) {
	const { kind } = field;

	if (kind == 'flag')
		option.default = field.default;
	if (kind == 'number')
		option.datatype = 'and(%s,range(%s,%s))'.format(
			Number.isInteger(field.min) ? 'uinteger' : 'ufloat', field.min, field.max);
	if (field.datatype)
		option.datatype = kind == 'list' ? 'list(%s)'.format(field.datatype) : field.datatype;
	if (field.pattern)
		option.validate = checkAgainst(field);
	if (kind == 'choice') {
		for (const [ value, label ] of field.values)
			option.value(value, label);
		option.default = field.default;
		option.textvalue = (id) => (field.values.find(([ value ]) => value == (option.cfgvalue(id) ?? field.default)) ?? [])[1];
	}
	if (kind == 'number' || kind == 'text')
		option.placeholder = field.default || null;
	if (kind == 'list' && field.default)
		option.placeholder = field.default.split(' ')[0];
}

/** Adds one field of the tables in `fields` to a section of the form. */
function add(section, field, more = {}) {
	const option = section.taboption(field.tab, widgetOf[field.kind], field.uci, field.title, field.help);

	dress(option, field);

	return Object.assign(option, more);
}

/** A check box for a plugin: a name in the list `plugin`, whose order stays. */
function addPlugin(section, { name, title, help }) {
	const option = section.taboption('general', form.Flag, '_plugin_%s'.format(name.replace(/\W/g, '_')), title, help);
	const listed = (id) => L.toArray(uci.get('autoipsec', id, 'plugin'));
	const set = (id, names) => uci.set('autoipsec', id, 'plugin', names.length ? names : null);

	option.editable = true;
	option.cfgvalue = (id) => listed(id).includes(name) ? '1' : '0';
	option.write = (id) => listed(id).includes(name) || set(id, [ ...listed(id), name ]);
	option.remove = (id) => listed(id).includes(name) && set(id, listed(id).filter((each) => each != name));
}

function mainSection(map) {
	const s = map.section(form.NamedSection, 'main', 'autoipsec', _('The service'));

	s.tab('general', _('General'));
	s.tab('names', _('Name servers'));
	s.tab('waiting', _('Waiting times'));
	s.tab('renewal', _('Keys'));
	s.tab('expert', _('Experts'));
	fields.main.forEach((field) => add(s, field, field.uci == 'enabled' ? { rmempty: false } : {}));
}

function wanSections(map) {
	const s = map.section(form.GridSection, 'wan', _('Interfaces to the Internet'),
		_('Tick how peers are found on each of them; more than one way is asked in order.'));

	s.addremove = true;
	s.anonymous = true;
	s.addbtntitle = _('Add an interface');
	s.modaltitle = (id) => _('Interface %s').format(uci.get('autoipsec', id, 'interface') ?? '');
	s.tab('general', _('General'));
	fields.plugins.forEach(({ tabs }) => tabs.forEach(([ name, title ]) => s.tab(name, title)));
	s.tab('advanced', _('Advanced'));

	for (const field of fields.wan) {
		if (field.kind == 'plugins')
			fields.plugins.forEach((plugin) => addPlugin(s, plugin));
		else
			add(s, field, field.tab == 'advanced' ? { modalonly: true } : more[field.uci]);
	}
	fields.plugins.forEach(({ options }) => options.forEach((field) => add(s, field, { modalonly: true })));
}

/** What single fields of a WAN have beside. */
const more = {
	interface: { rmempty: false, nocreate: true },
	enabled: { rmempty: false, editable: true },
	default_class: {}
};

function policySections(map) {
	const s = map.section(form.GridSection, 'policy', _('Rules for networks'),
		_('Traffic that is treated in another way than its interface says.'));

	s.addremove = true;
	s.anonymous = true;
	s.addbtntitle = _('Add a rule');
	s.modaltitle = () => _('Rule for networks');
	s.tab('general', _('General'));
	fields.policy.forEach((field) => add(s, field, field.uci == 'class' ? { rmempty: false } : {}));
}

return view.extend({
	load: () => uci.load('autoipsec'),

	render() {
		const map = new form.Map('autoipsec', _('Automatic IPsec'),
			_('Encrypts traffic with everybody who offers it, without an arrangement.'));

		// a configuration without the section is as good as one with it
		if (!uci.get('autoipsec', 'main'))
			uci.add('autoipsec', 'autoipsec', 'main');

		mainSection(map);
		wanSections(map);
		policySections(map);

		return map.render();
	}
});
