'use strict';
'require baseclass';
'require form';

// stand-in
return baseclass.extend({
  NetworkSelect: form.ListValue.extend({
    __init__(...args) {
      Object.assign(this, { section: args[0], option: args[1], title: args[2], help: args[3] });
      this.choices = ['wan', 'wan6', 'lan'].map((name) => [name, name]);
    },
  }),
});
