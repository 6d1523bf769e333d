import { createQjsPlatform } from '../../../src/core/platform/qjs/qjs-platform.js';
import { routeLookupSuite } from './route-lookup-suite.js';

routeLookupSuite('qjs', createQjsPlatform);
