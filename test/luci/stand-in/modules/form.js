'use strict';
'require baseclass';
'require uci';

// stand-in: a form whose options are all open at once; grids are lists of field sets, tabs are headings

const Value = baseclass.extend({
  __init__(section, name, title, help) {
    Object.assign(this, { section, option: name, title, help, choices: [] });
  },
  value(value, label) {
    this.choices.push([value, label]);
  },
  cfgvalue(id) {
    return uci.get('autoipsec', id, this.option);
  },
  write(id, value) {
    uci.set('autoipsec', id, this.option, value);
  },
  remove(id) {
    uci.set('autoipsec', id, this.option, null);
  },
  widget: (value, placeholder) => E('input', { type: 'text', value: value ?? null, placeholder: placeholder ?? null }),
  read: (node) => node.value,
  render(id) {
    const node = this.widget(this.cfgvalue(id), this.placeholder);
    node.id = `${id}.${this.option}`;
    this.nodes = { ...this.nodes, [id]: node };
    return E('div', { class: 'cbi-value', 'data-name': this.option }, [
      E('label', { class: 'cbi-value-title', for: node.id }, [this.title]),
      node,
      this.help ? E('div', { class: 'cbi-value-description' }, [this.help]) : '',
    ]);
  },
  save(id) {
    const value = this.read(this.nodes[id]);
    for (const each of Array.isArray(value) ? value : [value]) {
      const verdict = this.validate?.(id, each) ?? true;
      if (verdict !== true) throw new Error(`${this.option}: ${verdict}`);
    }
    const isDefault = value === (this.default ?? '') || value.length === 0;
    if (isDefault && this.rmempty !== false) this.remove(id);
    else this.write(id, value);
  },
});

const Flag = Value.extend({
  default: '0',
  widget(value) {
    return E('input', { type: 'checkbox', checked: (value ?? this.default) === '1' ? '' : null });
  },
  read: (node) => (node.checked ? '1' : '0'),
});

const ListValue = Value.extend({
  widget(value) {
    const node = E('select', {}, this.choices.map(([each, label]) => E('option', { value: each }, [label])));
    node.value = value ?? this.default;
    return node;
  },
});

// a line for each
const DynamicList = Value.extend({
  widget: (value, placeholder) =>
    E('textarea', { placeholder: placeholder ?? null }, [L.toArray(value).join('\n')]),
  read: (node) => node.value.split('\n').filter(Boolean),
});

const Section = baseclass.extend({
  init(map, title, help) {
    Object.assign(this, { map, title, help, tabs: [], options: [] });
  },
  tab(name, title) {
    // LuCI keeps tabs as properties of a list: names of its methods are taken
    if (name in this.tabs) throw new Error(`Tab already declared: ${name}`);
    this.tabs.push({ name, title });
  },
  taboption(tab, Widget, ...args) {
    const option = new Widget(this, ...args);
    option.tab = tab;
    this.options.push(option);
    return option;
  },
  renderOne(id) {
    return this.tabs.map(({ name, title }) =>
      E('fieldset', {}, [
        E('legend', {}, [title]),
        ...this.options.filter(({ tab }) => tab === name).map((option) => option.render(id)),
      ]),
    );
  },
  render() {
    return E('div', { class: 'cbi-section' }, [
      E('h3', {}, [this.title]),
      this.help ? E('p', {}, [this.help]) : '',
      ...this.contents(),
    ]);
  },
  save() {
    for (const id of this.ids()) for (const option of this.options) option.save(id);
  },
});

const NamedSection = Section.extend({
  __init__(map, id, _type, ...rest) {
    this.init(map, ...rest);
    this.ids = () => [id];
  },
  contents() {
    return this.ids().flatMap((id) => this.renderOne(id));
  },
});

const GridSection = Section.extend({
  __init__(map, type, ...rest) {
    this.init(map, ...rest);
    this.type = type;
    this.ids = () => uci.sections('autoipsec', type).map((each) => each['.name']);
  },
  contents() {
    const redraw = (change) => () => {
      for (const section of this.map.sections) section.save();
      change();
      this.map.redraw();
    };
    const rows = this.ids().map((id) =>
      E('div', { class: 'cbi-section-node', 'data-section-id': id }, [
        E('h4', {}, [this.modaltitle(id)]),
        ...this.renderOne(id),
        E('button', { type: 'button', click: redraw(() => uci.remove('autoipsec', id)) }, ['Delete']),
      ]),
    );
    const add = redraw(() => uci.add('autoipsec', this.type));
    return [
      ...(rows.length ? rows : [E('em', {}, ['This section contains no values yet'])]),
      E('button', { type: 'button', class: 'cbi-button-add', click: add }, [this.addbtntitle]),
    ];
  },
});

const Map = baseclass.extend({
  __init__(_config, title, help) {
    Object.assign(this, { title, help, sections: [] });
  },
  section(Kind, ...args) {
    const section = new Kind(this, ...args);
    this.sections.push(section);
    return section;
  },
  render() {
    this.node = E('div', { class: 'cbi-map' });
    this.node.save = () => {
      try {
        for (const section of this.sections) section.save();
        standIn.saved = structuredClone(standIn.scene.uci);
      } catch (error) {
        standIn.refused = error.message;
      }
    };
    this.redraw();
    return this.node;
  },
  redraw() {
    this.node.replaceChildren(
      E([], [E('h2', {}, [this.title]), E('div', {}, [this.help]), ...this.sections.map((each) => each.render())]),
    );
  },
});

return baseclass.extend({ Map, NamedSection, GridSection, Value, Flag, ListValue, DynamicList });
