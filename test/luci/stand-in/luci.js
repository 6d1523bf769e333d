// A small stand-in for LuCI's luci.js and cbi.js, written for these tests: as much of the loader, of
// E(), _(), L and String.format as our pages use, with the same names and the same traps (a string
// as children is markup). It is not LuCI, and it proves nothing about LuCI.

/** Texts in another language by the English ones; a test may give some before it loads a view. */
const translations = {};

window._ = (text) => translations[text] ?? text;

const units = ['', 'Ki', 'Mi', 'Gi', 'Ti'];

function scaled(value, precision) {
  let n = Number(value);
  let unit = 0;
  for (; n >= 1024 && unit < units.length - 1; unit++) n /= 1024;
  return `${n.toFixed(unit ? precision : 0)} ${units[unit]}`;
}

String.prototype.format = function (...args) {
  let next = 0;
  return this.replace(/%(?:(\d+)(?:\.(\d+))?)?([%sdm])/g, (_all, _width, precision, type) => {
    if (type === '%') return '%';
    const value = args[next++];
    if (type === 'm') return scaled(value, Number(precision ?? 2));
    return type === 'd' ? String(Math.trunc(Number(value))) : String(value);
  });
};

function append(node, children) {
  if (Array.isArray(children)) {
    for (const child of children.flat()) {
      if (child instanceof Node) node.append(child);
      else if (child !== null && child !== undefined) node.append(String(child));
    }
  } else if (children instanceof Node) {
    node.append(children);
  } else if (children !== null && children !== undefined) {
    node.innerHTML = String(children); // the trap, as in LuCI
  }
  return node;
}

window.E = (tag, attributes, children) => {
  if (Array.isArray(tag)) return append(document.createDocumentFragment(), children ?? attributes);
  const node = document.createElement(tag);
  const isAttributes = attributes && attributes.constructor === Object;
  for (const [name, value] of Object.entries(isAttributes ? attributes : {})) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value !== null && value !== undefined) node.setAttribute(name, value);
  }
  return append(node, isAttributes ? children : attributes);
};

/** LuCI's classes: `extend` makes a subclass, `__init__` is the constructor. */
class Base {
  constructor(...args) {
    this.__init__?.(...args);
  }
  static extend(members) {
    const Sub = class extends this {};
    for (const [name, value] of Object.entries(members)) Sub.prototype[name] = value;
    return Sub;
  }
}

const sources = (name) => {
  const file = `${name.replaceAll('.', '/')}.js`;
  return standInModules.includes(name) ? `/stand-in/modules/${file}` : `/luci-static/resources/${file}`;
};
const standInModules = ['view', 'dom', 'poll', 'rpc', 'uci', 'ui', 'form', 'tools.widgets'];
const loaded = { baseclass: Promise.resolve(Base) };

async function compile(name) {
  const address = sources(name);
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`);
  const source = await answer.text();
  const required = [...source.matchAll(/^'require ([\w.]+)(?: as (\w+))?';$/gm)];
  const modules = await Promise.all(required.map(([, wanted]) => L.require(wanted)));
  const names = required.map(([, wanted, alias]) => alias ?? wanted.replace(/\W/g, '_'));
  const make = new Function(...names, `${source}\n//# sourceURL=${address}`);
  const Class = make(...modules);
  if (!(Class?.prototype instanceof Base)) throw new Error(`${name} gives no class`);
  // what pages extend is a class, all others are made once
  return name === 'view' ? Class : new Class();
}

window.L = {
  env: {},
  require: (name) => {
    loaded[name] ??= compile(name);
    return loaded[name];
  },
  toArray: (value) =>
    value === null || value === undefined
      ? []
      : Array.isArray(value)
        ? value
        : typeof value === 'string'
          ? value.split(/\s+/).filter(Boolean)
          : [value],
  isObject: (value) => typeof value === 'object' && value !== null,
  resource: (...parts) => `/luci-static/resources/${parts.join('/')}`,
  url: (...parts) => `/cgi-bin/luci/${parts.join('/')}`,
  resolveDefault: (promise, value) => Promise.resolve(promise).catch(() => value),
  hasViewPermission: () => !new URLSearchParams(location.search).has('readonly'),
  naturalCompare: new Intl.Collator(undefined, { numeric: true }).compare,
};
