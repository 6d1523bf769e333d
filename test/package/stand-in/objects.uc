// In the place of procd and netifd, for fw4: a service with the data in /tmp/data.json, and one interface.
'use strict';

import { readfile } from 'fs';

return {
	service: {
		get_data: {
			args: { name: '', instance: '', type: '' },
			call: () => ({ autoipsec: { instance1: json(readfile('/tmp/data.json')) } })
		}
	},
	'network.interface': {
		dump: { call: () => ({ interface: [ { interface: 'wan', up: true, device: 'eth1', l3_device: 'eth1' } ] }) }
	},
	'network.device': {
		status: { args: { name: '' }, call: () => ({ eth1: { type: 'Network device', up: true } }) }
	}
};
