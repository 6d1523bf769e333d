'use strict';
'require baseclass';

// stand-in: sections of one package, in memory
return baseclass.extend({
  load: async (name) => {
    if (!standIn.scene.uci) throw new Error('no such package');
    return name;
  },
  get: (_package, id, option) => {
    const section = standIn.scene.uci?.find((each) => each['.name'] === id);
    return option ? section?.[option] : section;
  },
  set(_package, id, option, value) {
    const section = this.get(_package, id);
    if (value === null || value === '') delete section[option];
    else section[option] = value;
  },
  add(_package, type, name) {
    const id = name ?? `new${standIn.scene.uci.length}`;
    standIn.scene.uci.push({ '.name': id, '.type': type });
    return id;
  },
  remove(_package, id) {
    standIn.scene.uci = standIn.scene.uci.filter((each) => each['.name'] !== id);
  },
  sections: (_package, type) => standIn.scene.uci.filter((each) => each['.type'] === type),
});
