import { createNodePlatform } from '../../../src/core/platform/node/node-platform.js';
import { routeLookupSuite } from './route-lookup-suite.js';

routeLookupSuite('node', createNodePlatform);
