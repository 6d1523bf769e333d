// What the rows of the matrix call things, and what each implementation calls them. A word that an
// implementation has no entry for is not known to it.

/** Ciphers of the IKE SA and of ESP. */
export const ciphers = {
  'AES-GCM-128': {
    ike: 'AES_GCM_16_128',
    esp: 'AES_GCM_16_128',
    strongswan: 'aes128gcm16',
    libreswan: 'aes_gcm128',
    kernel: 'rfc4106(gcm(aes))',
  },
  'AES-GCM-256': {
    ike: 'AES_GCM_16_256',
    esp: 'AES_GCM_16_256',
    strongswan: 'aes256gcm16',
    libreswan: 'aes_gcm256',
    kernel: 'rfc4106(gcm(aes))',
  },
  'ChaCha20-Poly1305': {
    ike: 'CHACHA20_POLY1305',
    esp: 'CHACHA20_POLY1305',
    strongswan: 'chacha20poly1305',
    libreswan: 'chacha20_poly1305',
    kernel: 'rfc7539esp(chacha20,poly1305)',
  },
  'AES-CBC-128 with SHA2-256': {
    ike: 'AES_CBC_128/HMAC_SHA2_256_128',
    esp: 'AES_CBC_128/HMAC_SHA2_256_128',
    strongswan: 'aes128-sha256',
    libreswan: 'aes128-sha2_256',
    kernel: 'cbc(aes)',
  },
  'AES-CBC-256 with SHA2-256': {
    ike: 'AES_CBC_256/HMAC_SHA2_256_128',
    esp: 'AES_CBC_256/HMAC_SHA2_256_128',
    strongswan: 'aes256-sha256',
    libreswan: 'aes256-sha2_256',
    kernel: 'cbc(aes)',
  },
  'AES-CBC-128 with SHA2-384': {
    ike: 'AES_CBC_128/HMAC_SHA2_384_192',
    esp: 'AES_CBC_128/HMAC_SHA2_384_192',
    strongswan: 'aes128-sha384',
    libreswan: 'aes128-sha2_384',
    kernel: 'cbc(aes)',
  },
  'AES-CBC-256 with SHA2-384': {
    ike: 'AES_CBC_256/HMAC_SHA2_384_192',
    esp: 'AES_CBC_256/HMAC_SHA2_384_192',
    strongswan: 'aes256-sha384',
    libreswan: 'aes256-sha2_384',
    kernel: 'cbc(aes)',
  },
  'AES-CBC-128 with SHA2-512': {
    ike: 'AES_CBC_128/HMAC_SHA2_512_256',
    esp: 'AES_CBC_128/HMAC_SHA2_512_256',
    strongswan: 'aes128-sha512',
    libreswan: 'aes128-sha2_512',
    kernel: 'cbc(aes)',
  },
  'AES-CBC-256 with SHA2-512': {
    ike: 'AES_CBC_256/HMAC_SHA2_512_256',
    esp: 'AES_CBC_256/HMAC_SHA2_512_256',
    strongswan: 'aes256-sha512',
    libreswan: 'aes256-sha2_512',
    kernel: 'cbc(aes)',
  },
  'AES-CBC-128 with SHA1': {
    ike: 'AES_CBC_128/HMAC_SHA1_96',
    esp: 'AES_CBC_128/HMAC_SHA1_96',
    strongswan: 'aes128-sha1',
    libreswan: 'aes128-sha1',
    kernel: 'cbc(aes)',
  },
  'AES-CBC-256 with SHA1': {
    ike: 'AES_CBC_256/HMAC_SHA1_96',
    esp: 'AES_CBC_256/HMAC_SHA1_96',
    strongswan: 'aes256-sha1',
    libreswan: 'aes256-sha1',
    kernel: 'cbc(aes)',
  },
};

export const prfs = {
  SHA1: { ours: 'PRF_HMAC_SHA1', strongswan: 'prfsha1', libreswan: 'sha1' },
  'SHA2-256': { ours: 'PRF_HMAC_SHA2_256', strongswan: 'prfsha256', libreswan: 'sha2_256' },
  'SHA2-384': { ours: 'PRF_HMAC_SHA2_384', strongswan: 'prfsha384', libreswan: 'sha2_384' },
  'SHA2-512': { ours: 'PRF_HMAC_SHA2_512', strongswan: 'prfsha512', libreswan: 'sha2_512' },
};

export const groups = {
  'MODP-2048 (14)': { ours: 'MODP_2048', strongswan: 'modp2048', libreswan: 'modp2048' },
  'MODP-3072 (15)': { ours: 'MODP_3072', strongswan: 'modp3072', libreswan: 'modp3072' },
  'MODP-4096 (16)': { ours: 'MODP_4096', strongswan: 'modp4096', libreswan: 'modp4096' },
  'P-256 (19)': { ours: 'ECP_256', strongswan: 'ecp256', libreswan: 'dh19' },
  'P-384 (20)': { ours: 'ECP_384', strongswan: 'ecp384', libreswan: 'dh20' },
  'X25519 (31)': { ours: 'CURVE25519', strongswan: 'x25519', libreswan: 'dh31' },
};

export const preSharedKey = 'a secret of the lab, known to both ends';
