import { createNodePlatform } from '../../../src/core/platform/node/node-platform.js';
import { platformSuite } from './platform-suite.js';

platformSuite('node', createNodePlatform());
