'use strict';
'require baseclass';

// stand-in: the test calls standIn.poll() instead of waiting
return baseclass.extend({
  add(run, seconds) {
    standIn.polls.push({ run, seconds });
  },
});
