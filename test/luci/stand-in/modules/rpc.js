'use strict';
'require baseclass';

// stand-in: answers come from the scene of the test, calls are noted
return baseclass.extend({
  declare: ({ object, method, params }) => async (...args) => {
    const named = Object.fromEntries(params.map((name, i) => [name, args[i]]).filter(([, value]) => value !== undefined));
    standIn.calls.push({ object, method, args: named });
    const answer = standIn.scene.ubus?.[method];
    if (answer === undefined) throw new Error('Object not found');
    return structuredClone(answer);
  },
});
