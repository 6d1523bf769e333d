import { createNodePlatform } from '../../../src/core/platform/node/node-platform.js';
import { socketsSuite } from './sockets-suite.js';

socketsSuite('node', createNodePlatform);
