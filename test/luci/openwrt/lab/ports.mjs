// TCP ports of the guest.

export const luciPort = 80;
export const controlPort = 8080;
