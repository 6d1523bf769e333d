import { createQjsPlatform } from '../../../src/core/platform/qjs/qjs-platform.js';
import { socketsSuite } from './sockets-suite.js';

socketsSuite('qjs', createQjsPlatform);
