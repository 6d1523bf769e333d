/** The part of dns-packet that is used; the package has no types. */
declare module 'dns-packet' {
  interface Question {
    name: string;
    /** A name of the registry, or `UNKNOWN_` and the number. */
    type: string;
  }
  interface OptRecord {
    type: 'OPT';
    name: '.';
    udpPayloadSize: number;
    flags: number;
  }
  const dnsPacket: {
    encode(message: {
      type: 'query';
      id: number;
      flags: number;
      questions: Question[];
      additionals: OptRecord[];
    }): Uint8Array;
    RECURSION_DESIRED: number;
    AUTHENTIC_DATA: number;
    CHECKING_DISABLED: number;
    DNSSEC_OK: number;
  };
  export default dnsPacket;
}
