// The other implementations, by the name of their tree.
import { Libreswan } from './libreswan.mjs';
import { OpenIked } from './openiked.mjs';
import { StrongSwan } from './strongswan.mjs';

const kinds = { strongswan: StrongSwan, libreswan: Libreswan, openiked: OpenIked };

/** What can be the other end of a cell. */
export const createPeer = (tree) => new kinds[tree.name.replace('-next', '')](tree);
