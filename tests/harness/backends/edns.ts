/** The OPT record of EDNS (RFC 6891) as dns-packet takes it. Called by tests of DNS answers. */
import type { OptAnswer } from "dns-packet";

/** Makes an OPT record without options and flags. @param udpPayloadSize - bytes @param extendedRcode - upper eight bits of the code */
export function optRecord(udpPayloadSize = 1_232, extendedRcode = 0): OptAnswer {
  return {
    type: "OPT",
    name: ".",
    udpPayloadSize,
    extendedRcode,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  };
}
