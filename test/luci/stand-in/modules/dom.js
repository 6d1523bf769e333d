'use strict';
'require baseclass';

// stand-in
return baseclass.extend({
  content(node, children) {
    node.replaceChildren();
    node.append(E([], Array.isArray(children) ? children : [children]));
  },
});
