// Writes a cpio archive in the "newc" form that the kernel unpacks as its first root file system
// (Documentation/driver-api/early-userspace/buffer-format.rst in the kernel source).

const regularFile = 0o100000;
const folder = 0o040000;

/** `entries`: `{ name, mode, data }`; without `data` it is a folder. Parents come before children. */
export function cpioArchive(entries) {
  const parts = entries.map((entry, index) => record(entry, index + 1));
  parts.push(record({ name: 'TRAILER!!!', mode: 0, data: Buffer.alloc(0) }, 0));
  return Buffer.concat(parts);
}

function record({ name, mode, data }, inode) {
  const type = data === undefined ? folder : regularFile;
  const size = data?.length ?? 0;
  const nameBytes = Buffer.from(`${name}\0`);
  // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const fields = [inode, type | mode, 0, 0, 1, 0, size, 0, 0, 0, 0, nameBytes.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([
    padded(Buffer.concat([Buffer.from(header), nameBytes])),
    padded(data ?? Buffer.alloc(0)),
  ]);
}

/** Header with name, and data, each end on a multiple of four bytes. */
function padded(bytes) {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
