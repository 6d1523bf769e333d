// In the place of procd: writes down what the object `service` is told. When the configuration changed, the
// test does what procd would have the init script do.
'use strict';

import { connect } from 'ubus';
import { open } from 'fs';
import * as uloop from 'uloop';

uloop.init();

const bus = connect();
const told = bus.publish('service', {
	event: {
		args: { type: '', data: {} },
		call: (request) => {
			const file = open('/tmp/service-events', 'a');

			file.write(sprintf('%J\n', request.args));
			file.close();

			return {};
		}
	}
});

uloop.run();
