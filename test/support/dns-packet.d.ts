/** The part of dns-packet that is used; the package has no types. */
declare module 'dns-packet' {
  interface Question {
    name: string;
    /** A name of the registry, or `UNKNOWN_` and the number. */
    type: string;
    /** `IN` when it is left out. */
    class?: string;
  }
  export interface OptRecord {
    type: 'OPT';
    name: '.';
    udpPayloadSize: number;
    extendedRcode?: number;
    flags: number;
  }
  interface OtherRecord {
    type: string;
    name: string;
    ttl: number;
    /** By type: text, an object, or a `Buffer`. */
    data: unknown;
  }
  const dnsPacket: {
    encode(message: {
      type: 'query' | 'response';
      id: number;
      flags: number;
      questions: Question[];
      answers?: OtherRecord[];
      authorities?: OtherRecord[];
      additionals?: (OptRecord | OtherRecord)[];
    }): Uint8Array;
    /** Takes a `Buffer`; throws on some malformed messages. */
    decode(bytes: Uint8Array): {
      type: 'query' | 'response';
      id: number;
      /** The flags without QR and the code. */
      flags: number;
      questions: Question[];
      answers: OtherRecord[];
      authorities: OtherRecord[];
      additionals: (OptRecord | OtherRecord)[];
    };
    RECURSION_DESIRED: number;
    TRUNCATED_RESPONSE: number;
    AUTHENTIC_DATA: number;
    CHECKING_DISABLED: number;
    DNSSEC_OK: number;
  };
  export default dnsPacket;
}
